import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { msg91Sms } from './msg91.ts'
import { msg91Reports } from './msg91-reports.ts'

const config = {
  authKey: '416091AbCdEf0123456789P1',
  templateId: '65e06f45d6fc05278c7d47e2',
  variable: 'content',
  reportToken: 'a-token-of-our-own-choice',
}
const requestId = '346569736a4c353830373130'
const error = (message: string, code?: string) => ({
  status: 200,
  body: JSON.stringify({ message, type: 'error', ...(code === undefined ? {} : { code }) }),
})
const account = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: msg91Sms,
  config,
  message: { from: 'ACMEIN', to: '+919876543210' },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /api/v5/flow')
    assert.equal(call.headers.authkey, config.authKey)
    assert.deepEqual(JSON.parse(call.body), {
      template_id: config.templateId,
      sender: 'ACMEIN',
      short_url: '0',
      CRQID: message.messageId,
      recipients: [{ mobiles: '919876543210', content: message.text }],
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({ message: requestId, type: 'success' }),
    providerMessageId: requestId,
  },
  answers: [
    { name: 'a wrong key, in words', ...error('Invalid authkey'), means: account },
    { name: 'a wrong key, as a code', ...error('AuthenticationFailure', '207'), means: account },
    {
      name: 'a wrong key, as a status',
      status: 401,
      body: '{"status":"fail","hasError":true}',
      means: account,
    },
    { name: 'an IP that is not allowed', ...error('IP is blacklisted', '208'), means: account },
    { name: 'no balance', ...error('Insufficient balance', '301'), means: account },
    { name: 'no such template', ...error('Template ID Missing or Invalid Template'), means: account },
    {
      name: 'no number',
      ...error('Invalid mobile number', '202'),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a text that is too long',
      ...error('Too long', '310'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'the same again', ...error('Request discarded', '311'), means: { outcome: 'unknown' } },
    { name: 'an error that is not listed', ...error('Later'), means: { outcome: 'rejected_transient' } },
    { name: 'neither success nor error', status: 200, body: '{"type":7}', means: { outcome: 'unknown' } },
    { name: 'too many requests', status: 429, body: '', means: { outcome: 'rejected_transient' } },
    { name: 'an error of theirs', status: 500, body: '', means: { outcome: 'unknown' } },
  ],
})

describe('reports of MSG91 (SMS)', () => {
  const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
  const base = 'https://acme.example/reports/1'
  const report = (body: string, url = `${base}?token=${config.reportToken}`): ReportRequest => ({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
    receivedMs: 1_790_000_000_000,
  })
  const newer = (more: object = {}) =>
    JSON.stringify({
      requestId,
      requestedAt: '2026-09-21 19:00:00',
      status: 'Delivered',
      deliveryTime: '2026-09-21 19:00:05',
      telNum: '919876543210',
      CRQID: messageId,
      failureReason: '',
      ...more,
    })
  const version3 = (more: object = {}) =>
    JSON.stringify({
      date: '2024-05-22 09:58:16',
      number: '919876543210',
      senderId: 'ACMEIN',
      requestId,
      CRQID: messageId,
      status: '1',
      desc: 'DELIVERED',
      ...more,
    })

  test('name our message, whichever webhook they come from', async () => {
    const common = {
      kind: 'delivered',
      timeMs: 1_790_000_000_000,
      messageId,
      providerMessageId: requestId,
      address: '+919876543210',
    }
    assert.deepEqual(await msg91Reports.read(report(newer()), config), {
      events: [{ ...common, eventId: `${requestId}:Delivered`, detail: 'Delivered' }],
    })
    assert.deepEqual(await msg91Reports.read(report(version3()), config), {
      events: [{ ...common, eventId: `${requestId}:1`, detail: '1 DELIVERED' }],
    })
  })

  test('mean what they say', async () => {
    const kinds = async (body: string) => {
      const reports = await msg91Reports.read(report(body), config)
      assert.ok('events' in reports)
      return reports.events.map(({ kind, detail }) => `${kind}: ${detail}`)
    }
    for (const status of ['2', '9', '16', '17', '25']) {
      assert.deepEqual(await kinds(version3({ status, desc: 'FAILED' })), [`failed: ${status} FAILED`])
    }
    const failed = newer({ status: 'Failed', failureReason: 'Absent subscriber' })
    assert.deepEqual(await kinds(failed), ['failed: Failed Absent subscriber'])
    assert.deepEqual(await kinds(newer({ status: 'constructor' })), [])
    const reports = await msg91Reports.read(report(version3({ CRQID: '0' })), config)
    assert.ok('events' in reports)
    assert.equal('messageId' in (reports.events[0] ?? {}), false)
  })

  test('without the token of the account are forged', async () => {
    const urls = [
      base,
      `${base}?token=`,
      `${base}?token=${config.reportToken}x`,
      `${base}?Token=${config.reportToken}`,
    ]
    for (const url of urls) {
      assert.ok('forged' in (await msg91Reports.read(report(newer(), url), config)), url)
    }
    assert.ok('forged' in (await msg91Reports.read(report(newer(), `${base}?token=`), { reportToken: '' })))
  })

  test('that know the token but are not in the documented form are malformed', () => {
    for (const body of ['', '[]', '{}', 'data=[]', newer({ requestId: 7 }), newer({ status: '' })]) {
      assert.throws(() => msg91Reports.read(report(body), config), ReportMalformed, body)
    }
  })
})
