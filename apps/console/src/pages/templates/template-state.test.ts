import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Channel, TemplateSchema } from '@mainstay/proto/notify/v1'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import {
  emptyTemplate,
  fieldsOf,
  lineOfSentence,
  readSentences,
  stateOf,
  toTemplate,
} from './template-state.ts'

test('sentences are read line by line, and wrong lines are told', () => {
  const text = 'cart = {n, plural, one {# item} other {a = b}}\n\nnonsense\nbye=Bye'
  assert.deepEqual(readSentences(text), {
    messages: { cart: '{n, plural, one {# item} other {a = b}}', bye: 'Bye' },
    wrong: [3],
  })
  assert.equal(lineOfSentence(text, 'bye'), 4)
})

test('a template survives the editor', () => {
  const stored = create(TemplateSchema, {
    name: 'order',
    channel: Channel.WHATSAPP,
    kind: TemplateKind.MESSAGE,
    defaultLocale: 'en',
    parts: {
      en: {
        whatsappTemplate: 'order',
        whatsappLanguage: 'en_US',
        whatsappParameters: ['{{ a }}', '{{ b }}'],
      },
    },
    messages: { en: { messages: { hi: 'Hi' } } },
  })
  assert.deepEqual(toTemplate(stateOf(stored)), {
    name: 'order',
    channel: Channel.WHATSAPP,
    kind: TemplateKind.MESSAGE,
    defaultLocale: 'en',
    parts: {
      en: {
        whatsappTemplate: 'order',
        whatsappLanguage: 'en_US',
        whatsappParameters: ['{{ a }}', '{{ b }}'],
      },
    },
    messages: { en: { messages: { hi: 'Hi' } } },
  })
})

test('an email shows the fields of HTML or those of MJML', () => {
  const names = (format: 'html' | 'mjml') => fieldsOf(emptyTemplate, format).map(({ name }) => name)
  assert.deepEqual(names('html'), ['subject', 'html', 'text'])
  assert.deepEqual(names('mjml'), ['subject', 'mjml', 'text'])
})
