import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { OutgoingWhatsapp } from '../outgoing.ts'
import { twilioWhatsapp } from './twilio.ts'

const accountSid = `AC${'a'.repeat(32)}`
const config = { accountSid, authToken: 'b'.repeat(32), apiKeySid: '', apiKeySecret: '' }
const error = (status: number, code: number, message: string) => ({
  status,
  body: JSON.stringify({ code, message, status }),
})

describeService({
  service: twilioWhatsapp,
  config,
  message: { content: { template: `HX${'c'.repeat(32)}`, language: 'de', parameters: ['Ada', '12:30'] } },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, `POST /2010-04-01/Accounts/${accountSid}/Messages.json`)
    const { ContentVariables, ...fields } = Object.fromEntries(new URLSearchParams(call.body))
    assert.deepEqual(fields, {
      To: `whatsapp:${message.to}`,
      From: 'whatsapp:+14155550100',
      ContentSid: `HX${'c'.repeat(32)}`,
      ValidityPeriod: '3600',
    })
    assert.deepEqual(JSON.parse(ContentVariables ?? ''), { 1: 'Ada', 2: '12:30' })
  },
  success: {
    status: 201,
    body: JSON.stringify({ sid: `MM${'1'.repeat(32)}`, status: 'queued' }),
    providerMessageId: `MM${'1'.repeat(32)}`,
  },
  answers: [
    {
      name: 'no number',
      ...error(400, 21211, "Invalid 'To' Phone Number"),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a sender that is not there',
      ...error(400, 63007, 'Twilio could not find a Channel with the specified From address'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'variables that do not fit',
      ...error(400, 21656, 'The ContentVariables Parameter is invalid.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'the sender’s rate',
      ...error(429, 63018, 'Rate limit exceeded for Channel'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'an error of theirs',
      ...error(500, 20500, 'Internal Server Error'),
      means: { outcome: 'unknown' },
    },
  ],
})

describe('Twilio (WhatsApp)', () => {
  const request = (content: OutgoingWhatsapp['content']) =>
    twilioWhatsapp.request(aMessage('whatsapp', { content }), config, {
      nowMs: () => 0,
      allowPrivate: false,
      call: () => assert.fail('nothing is called before'),
    })

  test('sends free text as the body', () => {
    const sent = request({ text: 'On its way' })
    assert.ok('body' in sent)
    const fields = new URLSearchParams(String(sent.body))
    assert.equal(fields.get('Body'), 'On its way')
    assert.equal(fields.has('ContentSid'), false)
  })

  test('sends no variables of a template that has none', () => {
    const sent = request({ template: `HX${'c'.repeat(32)}`, language: 'en', parameters: [] })
    assert.ok('body' in sent)
    assert.equal(new URLSearchParams(String(sent.body)).has('ContentVariables'), false)
  })

  test('refuses a template that is not named as Twilio names them', () => {
    const sent = request({ template: 'order_shipped', language: 'en', parameters: [] })
    assert.partialDeepStrictEqual(sent, { result: { outcome: 'rejected_permanent' } })
  })
})
