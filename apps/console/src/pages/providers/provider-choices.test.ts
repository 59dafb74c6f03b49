import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ProviderKindSchema } from '@mainstay/proto/notify/v1/provider-kinds'
import { promiseWords } from './promise-words.ts'
import { groupChoices, providerChoices } from './provider-choices.ts'

const kinds = [
  create(ProviderKindSchema, {
    kind: 'twilio_sms',
    title: 'Twilio (SMS)',
    channel: 'CHANNEL_SMS',
    reports: true,
  }),
  create(ProviderKindSchema, {
    kind: 'resend',
    title: 'Resend',
    channel: 'CHANNEL_EMAIL',
    idempotencyWindow: { seconds: 86_400n },
    priceUnit: 'message',
    messagesPerSecond: 2,
  }),
]

const slugs = (text: string) =>
  groupChoices(providerChoices(kinds), text).map(({ title, choices }) => [
    title,
    ...choices.map(({ slug }) => slug),
  ])

test('what can be added stands by channel, and what serves every channel comes last', () => {
  assert.deepEqual(slugs(''), [
    ['Email', 'smtp', 'resend'],
    ['SMS', 'twilio_sms'],
    ['Every channel', 'http'],
  ])
})

test('a search looks at names and channels, word by word and in any case', () => {
  assert.deepEqual(slugs('SMS twil'), [['SMS', 'twilio_sms']])
  assert.deepEqual(slugs('email'), [['Email', 'smtp', 'resend']])
  assert.deepEqual(slugs('carrier pigeon'), [])
})

test('promises are told in words', () => {
  const [resend] = providerChoices(kinds).filter(({ slug }) => slug === 'resend')
  assert.ok(resend)
  const words = promiseWords(resend.promises).map(({ word }) => word)
  assert.deepEqual(words, [
    'Idempotency key, 1 d',
    'No look-up',
    'No reports',
    'Priced per message',
    '2 a second',
  ])
})
