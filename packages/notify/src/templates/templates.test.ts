import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AppError, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { ledgerMigrations } from '../testing/ledger.ts'
import { content, emailContent as email, publishAndFill, refusalOf, testAct } from '../testing/templates.ts'
import { createCompiler } from './compiler.ts'
import { withText } from './plain-text.ts'
import { createTemplates } from './service.ts'
import { etagOf } from './template-message.ts'

const database = useTestDatabase({ sets: ledgerMigrations })
const silentBus = { listen: async () => () => {}, notify: async () => {}, onReconnect: () => () => {} }
const compiler = createCompiler()
after(() => compiler.close())

const createTestTemplates = () =>
  createTemplates({ db: database.db, bus: silentBus, clock: systemClock, compiler })

const audited = async (projectId: string): Promise<string[]> => {
  const { rows } = await database.db.query<{ said: string }>({
    text: `SELECT action || ' ' || resource AS said FROM access.audit_entries WHERE project_id = $1 ORDER BY audit_entry_id`,
    values: [projectId],
  })
  return rows.map((row) => row.said)
}

test('values are escaped in the HTML and left as they are in the text', async () => {
  const template = email('Hi {{ name }}', 'Hi {{ name }}', '<p>Hi {{ name }}</p>')
  const made = await publishAndFill(template, { name: '<b>Ada & Co</b>' }, compiler)
  assert.deepEqual(made, {
    email: {
      subject: 'Hi <b>Ada & Co</b>',
      text: 'Hi <b>Ada & Co</b>',
      html: '<p>Hi &lt;b&gt;Ada &amp; Co&lt;/b&gt;</p>',
    },
  })
})

test('a missing variable is refused by its path, one that the template calls optional is not', async () => {
  const template = email(
    'Order {{ order.id }}',
    '{% if coupon %}{{ coupon }}{% endif %}{{ note | default: "-" }}',
  )
  assert.deepEqual(await refusalOf(publishAndFill(template, { order: {} }, compiler)), [
    'data.order.id: is used by the template and not given',
  ])
  const made = await publishAndFill(template, { order: { id: 7 } }, compiler)
  assert.equal('email' in made && made.email.text, '-')
})

test('wrong Liquid is refused with its part, line and column, all at once', async () => {
  const wrong = email('{{ a | nofilter }}', 'line\n{% if %}', '{% nosuchtag %}')
  assert.deepEqual(await refusalOf(publishAndFill(wrong, {}, compiler)), [
    'parts.en.subject: undefined filter: nofilter, line:1, col:1',
    'parts.en.text: invalid value expression: "", line:2, col:6',
    'parts.en.html: tag "nosuchtag" not found, line:1, col:1',
  ])
})

test('a missing text is made from the HTML', () => {
  const html = '<h1>Hello</h1><p>Go <a href="https://a.example">there</a></p>'
  const made = withText({ subject: 'x', text: '', html })
  assert.match(made.text, /HELLO/i)
  assert.match(made.text, /https:\/\/a\.example/)
})

test('fifty concurrent versions are numbered one after the other', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, i) => templates.create(act, 'race', email(`v${i}`, 'x'))),
  )
  const versions = made.map(({ version }) => version).sort((a, b) => a - b)
  assert.deepEqual(
    versions,
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
})

test('a send takes the newest version, also just after it was made, and an old one stays as it was', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  const newest = { name: 'welcome', version: 0 }
  await templates.create(act, 'welcome', email('One', 'x'))
  assert.deepEqual(await templates.check(act.projectId, newest, {}), { version: 1, subject: 'One' })
  await templates.create(act, 'welcome', email('Two', 'x'))
  assert.deepEqual(await templates.check(act.projectId, newest, {}), { version: 2, subject: 'Two' })
  assert.deepEqual(await templates.find(act.projectId, newest), { version: 2, channel: 'email' })
  const old = await templates.render(act.projectId, { template: { name: 'welcome', version: 1 }, data: {} })
  assert.equal('email' in old && old.email.subject, 'One')
})

test('a template of another project is not found', async () => {
  const templates = createTestTemplates()
  await templates.create(testAct(), 'private', email('x', 'x'))
  await assert.rejects(templates.get(newId(), 'private', 0), { reason: 'notify.template_not_found' })
})

test('a version that a program before made is filled as it was', async () => {
  const templates = createTestTemplates()
  const { projectId } = testAct()
  await database.db.query({
    text: `INSERT INTO notify.templates (project_id, name, version, subject, text_body, html_body, create_time)
      VALUES ($1, 'old', 1, 'Hi {{ a }}', '', '<style>p{color:red}</style><p>{{ a }}</p>', now())`,
    values: [projectId],
  })
  const made = await templates.render(projectId, { template: { name: 'old', version: 1 }, data: { a: '<' } })
  assert.deepEqual(made, {
    email: { subject: 'Hi <', text: '<', html: '<style>p{color:red}</style><p>&lt;</p>' },
  })
  const { rows } = await templates.versions(projectId, 'old', 10, 10)
  assert.deepEqual([rows[0]?.locales, rows[0]?.uses], [['en'], {}])
})

test('a draft is kept right or wrong, changes nothing that is sent, and is published as the next version', async () => {
  const templates = createTestTemplates()
  const { drafts } = templates
  const act = testAct()
  await templates.create(act, 'welcome', email('One', 'x'))
  const wrong = await drafts.save(act, 'welcome', email('{{', 'x'), '')
  assert.equal(wrong.version, 1)
  assert.equal((await templates.check(act.projectId, { name: 'welcome', version: 0 }, {})).subject, 'One')
  assert.match((await refusalOf(drafts.publish(act, 'welcome', ''))).join(), /parts\.en\.subject/)
  assert.equal(
    (await drafts.get(act.projectId, 'welcome')).row.revision,
    1,
    'a refused publication keeps the draft',
  )
  await drafts.save(act, 'welcome', email('Two', 'x'), etagOf(wrong.row))
  const published = await drafts.publish(act, 'welcome', '')
  assert.deepEqual([published.version, published.actor], [2, 'opr_test'])
  await assert.rejects(drafts.get(act.projectId, 'welcome'), { reason: 'notify.template_draft_not_found' })
  assert.equal((await templates.check(act.projectId, { name: 'welcome', version: 0 }, {})).subject, 'Two')
  assert.deepEqual(await audited(act.projectId), [
    'notify.templates.create welcome',
    'notify.templates.update welcome',
    'notify.templates.update welcome',
    'notify.templates.publish welcome',
  ])
})

test('a draft that somebody else changed is neither replaced nor published', async () => {
  const { drafts } = createTestTemplates()
  const act = testAct()
  const { row } = await drafts.save(act, 'welcome', email('One', 'x'), '')
  await drafts.save(act, 'welcome', email('Two', 'x'), etagOf(row))
  const stale = { reason: 'notify.etag_mismatch' }
  await assert.rejects(drafts.save(act, 'welcome', email('Three', 'x'), etagOf(row)), stale)
  await assert.rejects(drafts.publish(act, 'welcome', etagOf(row)), stale)
})

test('of twenty publications of one draft at once, one publishes it', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  const { row } = await templates.drafts.save(act, 'race', email('One', 'x'), '')
  const made = await Promise.allSettled(
    Array.from({ length: 20 }, () => templates.drafts.publish(act, 'race', etagOf(row))),
  )
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
  const { rows } = await templates.versions(act.projectId, 'race', 100, 100)
  assert.equal(rows.length, 1)
})

test('a discarded draft is gone, and one that is not there is said to be missing', async () => {
  const { drafts } = createTestTemplates()
  const act = testAct()
  const missing = { reason: 'notify.template_draft_not_found', code: 'not_found' }
  await assert.rejects(drafts.discard(act, 'welcome'), missing)
  await assert.rejects(drafts.publish(act, 'welcome', ''), missing)
  await drafts.save(act, 'welcome', email('One', 'x'), '')
  await drafts.discard(act, 'welcome')
  await assert.rejects(drafts.get(act.projectId, 'welcome'), missing)
})

test('a template stays on its channel and of its kind', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  await templates.create(act, 'welcome', email('One', 'x'))
  const sms = content({ en: { text: 'x' } }, { channel: 'sms' })
  const said = ['channel: is email and cannot change: take another name']
  assert.deepEqual(await refusalOf(templates.create(act, 'welcome', sms)), said)
  assert.deepEqual(await refusalOf(templates.drafts.save(act, 'welcome', sms, '')), said)
})

test('a version keeps the partials it was published with; publishing it again takes newer ones', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  const foot = (source: string) => content({ en: { source } }, { kind: TemplateKind.PARTIAL })
  await templates.create(act, 'foot', foot('old {{ x }}'))
  await templates.create(
    act,
    'letter',
    email('Hi', '{% include "foot" %}', '<p>{% render "foot", x: x %}</p>'),
  )
  await templates.create(act, 'foot', foot('new {{ x }}'))
  const fill = async (version: number) => {
    const made = await templates.render(act.projectId, {
      template: { name: 'letter', version },
      data: { x: 1 },
    })
    return 'email' in made ? [made.email.text, made.email.html] : []
  }
  assert.deepEqual(await fill(1), ['old 1', '<p>old 1</p>'])
  const again = await templates.drafts.publish(act, 'letter', '')
  assert.deepEqual(again.uses, { foot: 2 })
  assert.deepEqual(await fill(2), ['new 1', '<p>new 1</p>'])
  assert.deepEqual(await fill(1), ['old 1', '<p>old 1</p>'])
  assert.deepEqual(await refusalOf(templates.create(act, 'bad', email('Hi', '{% render "letter" %}'))), [
    'uses.letter: is no published layout or partial of this project',
  ])
})

test('MJML is compiled once, when it is published', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  const mjml =
    '<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ a }}</mj-text></mj-column></mj-section></mj-body></mjml>'
  const row = await templates.create(act, 'letter', content({ en: { subject: 'Hi', mjml } }))
  assert.match(row.compiled?.en ?? '', /Hi \{\{ a \}\}/)
  const idle = createTemplates({
    db: database.db,
    bus: silentBus,
    clock: systemClock,
    compiler: {
      compile: () => Promise.reject(new Error('nothing is compiled to send')),
      close: async () => {},
    },
  })
  const made = await idle.render(act.projectId, {
    template: { name: 'letter', version: 1 },
    data: { a: '<' },
  })
  assert.ok('email' in made && made.email.html.includes('Hi &lt;'))
})

test('templates are listed by name, those that are only drafts when they are asked for', async () => {
  const templates = createTestTemplates()
  const act = testAct()
  for (const name of ['aa', 'cc']) await templates.create(act, name, email(name, 'x'))
  for (const name of ['aa', 'bb']) await templates.drafts.save(act, name, email('draft', 'x'), '')
  const told = async (after: string, limit: number, withDrafts: boolean) => {
    const { listed, next } = await templates.list(act.projectId, after, limit, withDrafts)
    return [
      listed.map(({ row, draft }) => [row?.name ?? draft?.name, row?.version ?? 0, draft !== undefined]),
      next,
    ]
  }
  assert.deepEqual(await told('', 10, false), [
    [
      ['aa', 1, true],
      ['cc', 1, false],
    ],
    undefined,
  ])
  assert.deepEqual(await told('', 2, true), [
    [
      ['aa', 1, true],
      ['bb', 0, true],
    ],
    'bb',
  ])
  assert.deepEqual(await told('bb', 2, true), [[['cc', 1, false]], undefined])
})

test('a preview tells what would be sent, and where it is wrong', async () => {
  const templates = createTestTemplates()
  const { projectId } = testAct()
  const preview = (
    template: Parameters<typeof content>[0],
    rest: Parameters<typeof content>[1],
    data = {},
    locale = '',
  ) => templates.preview(projectId, { name: 'x', content: content(template, rest) }, data, locale)
  const sms = await preview({ en: { text: 'Hi {{ a }}' } }, { channel: 'sms' }, { a: 'é✓✓'.repeat(30) })
  assert.deepEqual(sms.sms, { encoding: 'ucs2', segments: 2, characters: 93, outsideGsm: ['✓'] })
  assert.match(sms.warnings[0]?.description ?? '', /because of ✓/)
  const letter = { en: { subject: 'x', html: '<p>\n  {{ order.id }}</p>' } }
  const missing = await preview(letter, {}, { order: {} })
  assert.deepEqual(missing.problems, [
    { field: 'data.order.id', description: 'is used by the template and not given', line: 2, column: 3 },
  ])
  assert.equal(missing.filled, undefined)
  const broken = await preview({ en: { subject: 'x', text: 'a\n{% if %}' } }, {})
  assert.deepEqual(
    broken.problems.map(({ field, line, column }) => [field, line, column]),
    [['parts.en.text', 2, 6]],
  )
  const german = await preview(
    { en: { subject: 'x', html: '<p>e</p>' }, de: { subject: 'x', html: '<p>d</p>' } },
    {},
    {},
    'de-CH',
  )
  assert.deepEqual([german.locale, german.filled?.text], ['de', 'd'])
  const piece = await preview({ en: { source: '<b>{{ a }}</b>' } }, { kind: TemplateKind.PARTIAL }, { a: 1 })
  assert.equal(piece.filled?.html, '<b>1</b>')
})

test('too many templates at once are refused, not queued without end', async () => {
  const templates = createTestTemplates()
  const busy = createTemplates({
    db: database.db,
    bus: silentBus,
    clock: systemClock,
    compiler: createCompiler(),
  })
  const act = testAct()
  const html = '<style>p{color:red}</style><p>x</p>'
  const made = await Promise.allSettled(
    Array.from({ length: 80 }, (_, i) =>
      busy.preview(act.projectId, { name: `t${i}`, content: email('x', '', html) }, {}, ''),
    ),
  )
  await busy.stop()
  await templates.stop()
  const refused = made.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 30)
  assert.ok(
    refused.every(({ reason }) => reason instanceof AppError && reason.reason === 'notify.overloaded'),
  )
})

test('a machine that stands still for a moment does not fail a message', async () => {
  let reads = 0
  const data = {
    get name() {
      reads += 1
      // As when the process is stopped: time goes by on the wall, and no work is done.
      if (reads === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      return 'Ada'
    },
  }
  const made = await publishAndFill(email('Hi {{ name }}', 'Hi {{ name }}'), data, compiler)
  assert.equal('email' in made && made.email.subject, 'Hi Ada')
  assert.ok(reads > 2)
})
