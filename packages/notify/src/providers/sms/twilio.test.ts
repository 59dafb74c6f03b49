import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { HttpRequest } from '../http-sender.ts'
import type { OutgoingSms } from '../outgoing.ts'
import type { TwilioConfig } from '../twilio.ts'
import { twilioSms } from './twilio.ts'

const accountSid = `AC${'a'.repeat(32)}`
const config = { accountSid, authToken: 'b'.repeat(32), apiKeySid: '', apiKeySecret: '' }
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

const error = (status: number, code: number, message: string) => ({
  status,
  body: JSON.stringify({
    code,
    message,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
  }),
})

describeService({
  service: twilioSms,
  config,
  message: { reportUrl: 'https://acme.example/reports/1' },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, `POST /2010-04-01/Accounts/${accountSid}/Messages.json`)
    assert.equal(call.headers.authorization, basic(`${accountSid}:${config.authToken}`))
    assert.equal(call.headers['content-type'], 'application/x-www-form-urlencoded')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(call.body)), {
      To: message.to,
      From: '+14155550100',
      Body: message.text,
      ValidityPeriod: '3600',
      StatusCallback: `https://acme.example/reports/1?message=${message.messageId}`,
    })
  },
  success: {
    status: 201,
    body: JSON.stringify({ sid: `SM${'1'.repeat(32)}`, status: 'queued', error_code: null }),
    providerMessageId: `SM${'1'.repeat(32)}`,
  },
  answers: [
    {
      name: 'no number',
      ...error(400, 21211, "The 'To' number +49170 is not a valid phone number."),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'no mobile number',
      ...error(400, 21614, "'To' number is not a valid mobile number"),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'unsubscribed',
      ...error(400, 21610, 'Attempt to send to unsubscribed recipient'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a region that is not enabled',
      ...error(400, 21408, 'Permission to send an SMS has not been enabled for the region'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a text that is too long',
      ...error(400, 21617, 'The concatenated message body exceeds the 1600 character limit'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a sender without SMS',
      ...error(400, 21661, "'From' number is not SMS-capable"),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a sender that is not ours, or not for this country',
      ...error(400, 21606, "The 'From' phone number provided is not a valid message-capable Twilio number"),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'a wrong token',
      ...error(401, 20003, 'Authenticate'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'an account that is not there',
      ...error(404, 20404, 'The requested resource was not found'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a full queue',
      ...error(400, 21611, "This 'From' number has exceeded the maximum number of queued messages"),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many requests',
      ...error(429, 20429, 'Too Many Requests'),
      headers: { 'retry-after': '3' },
      means: { outcome: 'rejected_transient', retryAfterMs: 3000 },
    },
    {
      name: 'an error of theirs, which may have sent',
      ...error(500, 20500, 'Internal Server Error'),
      means: { outcome: 'unknown' },
    },
    { name: 'no JSON', status: 400, body: '<html>', means: { outcome: 'rejected_permanent' } },
  ],
})

describe('Twilio (SMS)', () => {
  const request = (change: Partial<OutgoingSms>, account: TwilioConfig = config) =>
    twilioSms.request(aMessage('sms', change), account, {
      nowMs: () => 0,
      allowPrivate: false,
      call: () => assert.fail('nothing is called before'),
    }) as HttpRequest

  test('sends by a messaging service where the sender is one', () => {
    const from = `MG${'c'.repeat(32)}`
    const fields = new URLSearchParams(String(request({ from }).body))
    assert.equal(fields.get('MessagingServiceSid'), from)
    assert.equal(fields.has('From'), false)
    assert.equal(twilioSms.isSender(from), true)
    assert.equal(twilioSms.isSender('Acme'), true)
  })

  test('signs in with an API key where there is one, and does not try without any secret', () => {
    const key = { ...config, authToken: '', apiKeySid: `SK${'d'.repeat(32)}`, apiKeySecret: 'e'.repeat(32) }
    assert.equal(request({}, key).headers.authorization, basic(`${key.apiKeySid}:${key.apiKeySecret}`))
    assert.throws(() => request({}, { ...key, apiKeySecret: '' }), /neither an auth token nor an API key/)
  })

  test('leaves validity to Twilio when a message is worth delivering for longer than Twilio keeps it', () => {
    const validity = (ttlMs: number) =>
      new URLSearchParams(String(request({ ttlMs }).body)).get('ValidityPeriod')
    assert.equal(validity(86_400_000), null)
    assert.equal(validity(90_500), '90')
    assert.equal(validity(5), '1')
  })
})
