import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { createPageTokens, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  Channel,
  CreateTemplateRequestSchema,
  ListTemplatesRequestSchema,
  RenderTemplateRequestSchema,
  UpdateTemplateDraftRequestSchema,
} from '@mainstay/proto/notify/v1'
import {
  ListTemplateVersionsRequestSchema,
  PublishTemplateRequestSchema,
  TemplateKind,
} from '@mainstay/proto/notify/v1/templates'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { refusalOf } from '../testing/templates.ts'
import { templateHandlers } from './api.ts'
import { createTemplates } from './service.ts'

const database = useTestDatabase({ sets: ledgerMigrations })
const bus = { listen: async () => () => {}, notify: async () => {}, onReconnect: () => () => {} }
const opened: ReturnType<typeof createTemplates>[] = []
after(async () => {
  for (const templates of opened) await templates.stop()
})

function open() {
  const templates = createTemplates({ db: database.db, bus, clock: systemClock })
  opened.push(templates)
  return templateHandlers(templates, createPageTokens(new Uint8Array(32)))
}

test('a template given as an email is answered as one, and its mistakes are named as the caller wrote them', async () => {
  const api = open()
  const made = await api.createTemplate(
    create(CreateTemplateRequestSchema, {
      template: { name: 'plain', email: { subject: 'Hi', text: 'x', html: '<p>x</p>' } },
    }),
    testCall(),
  )
  assert.deepEqual([made.version, made.channel, made.kind], [1, Channel.EMAIL, TemplateKind.MESSAGE])
  assert.deepEqual(made.email, { subject: 'Hi', text: 'x', html: '<p>x</p>' })
  assert.deepEqual(made.parts, { en: { subject: 'Hi', text: 'x', html: '<p>x</p>' } })
  const wrong = create(CreateTemplateRequestSchema, {
    template: { name: 'wrong', email: { subject: 'Hi', html: '{% if %}' } },
  })
  assert.match((await refusalOf(api.createTemplate(wrong, testCall()))).join(), /^email\.html: /)
})

test('what is not understood is refused by its path', async () => {
  const api = open()
  const refused = (template: object) =>
    refusalOf(
      api.createTemplate(
        create(CreateTemplateRequestSchema, { template: { name: 'x1', ...template } }),
        testCall(),
      ),
    )
  assert.deepEqual(await refused({ channel: Channel.WEBHOOK, parts: { en: { text: 'x' } } }), [
    'channel: has no templates: a webhook’s data is its own',
  ])
  assert.deepEqual(await refused({ parts: { 'e-n': { text: 'x' } } }), [
    'parts.e-n: must be a BCP 47 language tag, such as pt-BR',
  ])
  assert.deepEqual(await refused({ email: { subject: 'x', text: 'y' }, parts: { en: { text: 'x' } } }), [
    'email: must be unset where parts has en',
  ])
})

test('a draft is stored, previewed, published and listed among the versions', async () => {
  const api = open()
  const call = testCall()
  const template = {
    name: 'code',
    channel: Channel.SMS,
    defaultLocale: 'EN',
    parts: {
      en: { text: '{{ "code" | t: code: code }}' },
      'pt-br': { text: '{{ "code" | t: code: code }}' },
    },
    messages: {
      en: { messages: { code: 'Your code is {code}' } },
      pt: { messages: { code: 'Seu código é {code}' } },
    },
  }
  const draft = await api.updateTemplateDraft(create(UpdateTemplateDraftRequestSchema, { template }), call)
  assert.deepEqual(Object.keys(draft.template?.parts ?? {}), ['en', 'pt-BR'])
  const listed = async (includeDrafts: boolean) =>
    (await api.listTemplates(create(ListTemplatesRequestSchema, { includeDrafts }), call)).templates?.filter(
      (one) => one.name === 'code',
    )
  assert.equal((await listed(false))?.length, 0)
  assert.deepEqual(
    (await listed(true))?.map((one) => [one.version ?? 0, one.hasDraft]),
    [[0, true]],
  )
  const shown = await api.renderTemplate(
    create(RenderTemplateRequestSchema, {
      source: { case: 'draft', value: template },
      data: { code: '1234' },
      locale: 'pt-BR',
    }),
    call,
  )
  assert.equal(shown.parts?.text, 'Seu código é 1234')
  assert.deepEqual(shown.sms, { encoding: 'UCS-2', segments: 1, characters: 17, outsideGsm: ['ó'] })
  await api.publishTemplate(
    create(PublishTemplateRequestSchema, { name: 'code', etag: draft.etag ?? '' }),
    call,
  )
  await api.publishTemplate(create(PublishTemplateRequestSchema, { name: 'code' }), call)
  const first = await api.listTemplateVersions(
    create(ListTemplateVersionsRequestSchema, { name: 'code', pageSize: 1 }),
    call,
  )
  assert.deepEqual(
    first.versions?.map((one) => [one.version, one.actor, one.locales]),
    [[2, 'key_test', ['en', 'pt-BR']]],
  )
  const next = await api.listTemplateVersions(
    create(ListTemplateVersionsRequestSchema, {
      name: 'code',
      pageSize: 1,
      pageToken: first.nextPageToken ?? '',
    }),
    call,
  )
  assert.deepEqual([next.versions?.map((one) => one.version), next.nextPageToken], [[1], ''])
  const stored = create(RenderTemplateRequestSchema, { source: { case: 'stored', value: { name: 'code' } } })
  const problem = (await api.renderTemplate(stored, call)).problems?.[0]
  assert.deepEqual([problem?.field, problem?.line, problem?.column], ['data.code', 1, 1])
})
