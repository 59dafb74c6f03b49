import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { gupshupSms } from './gupshup.ts'
import { gupshupReports } from './gupshup-reports.ts'

const config = {
  userId: '2000155005',
  password: 'correct horse & battery',
  principalEntityId: '1101456324675322134',
  reportToken: 'a-token-of-our-own-choice',
}
const id = '3562707498794989059-328736121207676738'
const account = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: gupshupSms,
  config,
  message: { from: 'ACMEIN', to: '+919876543210' },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /GatewayAPI/rest')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(call.body)), {
      method: 'SendMessage',
      v: '1.1',
      format: 'text',
      auth_scheme: 'plain',
      userid: config.userId,
      password: config.password,
      send_to: '919876543210',
      mask: 'ACMEIN',
      msg_type: 'TEXT',
      msg: message.text,
      principalEntityId: config.principalEntityId,
    })
  },
  success: { status: 200, body: `success | 919876543210 | ${id}\n`, providerMessageId: id },
  answers: [
    {
      name: 'a wrong password',
      status: 200,
      body: 'error | 102 | Authentication failed due to invalid userId or password.',
      means: account,
    },
    { name: 'no such user', status: 200, body: 'error | 103 | User does not exist.', means: account },
    { name: 'a sender of others', status: 200, body: 'error | 108 | Invalid mask.', means: account },
    {
      name: 'no number',
      status: 200,
      body: 'error | 105 | The phone number "91987" is not a valid phone number',
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a missing parameter',
      status: 200,
      body: 'error | 101 | The parameter "msg" is missing.',
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'another country',
      status: 200,
      body: 'error | 175 | The "INTERNATIONAL_PHONE" service is disabled for you.',
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a code that is not listed',
      status: 200,
      body: 'error | 999 | Later.',
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'an error that nobody knows',
      status: 200,
      body: 'error | 100 | Unknown error has occurred.',
      means: { outcome: 'unknown' },
    },
    { name: 'neither success nor error', status: 200, body: '<html>', means: { outcome: 'unknown' } },
    { name: 'too many requests', status: 429, body: '', means: { outcome: 'rejected_transient' } },
    { name: 'an error of theirs', status: 502, body: 'Bad gateway', means: { outcome: 'unknown' } },
  ],
})

describe('Gupshup (SMS)', () => {
  test('says when a text is outside the GSM alphabet', () => {
    const context = { nowMs: () => 0, allowPrivate: false, call: () => assert.fail('not needed') }
    const sent = gupshupSms.request(
      aMessage('sms', { text: 'नमस्ते', from: '+919876500000' }),
      { ...config, principalEntityId: '' },
      context,
    )
    assert.ok('body' in sent)
    const fields = new URLSearchParams(String(sent.body))
    assert.equal(fields.get('msg_type'), 'Unicode_Text')
    assert.equal(fields.get('mask'), '919876500000')
    assert.equal(fields.has('principalEntityId'), false)
  })
})

describe('reports of Gupshup (SMS)', () => {
  const base = 'https://acme.example/reports/1'
  function get(fields: Record<string, string>, token = config.reportToken): ReportRequest {
    const url = `${base}?${new URLSearchParams({ token, ...fields })}`
    return { method: 'GET', url, headers: {}, body: Buffer.alloc(0), receivedMs: 0 }
  }
  const post = (body: string): ReportRequest => ({
    method: 'POST',
    url: `${base}?token=${config.reportToken}`,
    headers: {},
    body: Buffer.from(body),
    receivedMs: 0,
  })
  const report = {
    externalId: id,
    deliveredTS: '1526347800000',
    status: 'SUCCESS',
    cause: 'SUCCESS',
    phoneNo: '919892488888',
    errCode: '000',
    noOfFrags: '1',
  }
  const event = {
    externalId: id,
    eventType: 'DELIVERED',
    eventTs: 1_526_347_800_000,
    destAddr: 919_892_488_888,
    srcAddr: 'TESTIN',
    cause: 'SUCCESS',
    errCode: '000',
    channel: 'SMS',
    noOfFrags: 1,
  }

  async function read(request: ReportRequest) {
    const reports = await gupshupReports.read(request, config)
    assert.ok('events' in reports)
    return reports.events
  }

  test('are read from a GET, and from a POST in both its forms', async () => {
    const common = {
      providerMessageId: id,
      timeMs: 1_526_347_800_000,
      address: '+919892488888',
      kind: 'delivered',
    }
    const ofGet = { ...common, eventId: `${id}:SUCCESS`, detail: 'SUCCESS SUCCESS' }
    const ofPost = { ...common, eventId: `${id}:DELIVERED`, detail: 'DELIVERED SUCCESS' }
    assert.deepEqual(await read(get(report)), [ofGet])
    assert.deepEqual(await read(post(JSON.stringify([event]))), [ofPost])
    assert.deepEqual(await read(post(`response=${encodeURIComponent(JSON.stringify([event]))}`)), [ofPost])
  })

  test('mean what they say', async () => {
    const kinds = async (change: Record<string, string>) =>
      (await read(get({ ...report, ...change }))).map(({ kind }) => kind)
    assert.deepEqual(await kinds({ status: 'FAILURE', cause: 'ABSENT_SUBSCRIBER' }), ['failed'])
    assert.deepEqual(await kinds({ status: 'FAILURE', cause: 'UNKNOWN_SUBSCRIBER' }), ['bounced'])
    assert.deepEqual(await kinds({ status: 'SUCCESS', cause: 'UNKNOWN_SUBSCRIBER' }), ['delivered'])
    assert.deepEqual(await kinds({ status: 'UNKNOWN' }), [])
    assert.deepEqual(await kinds({ status: 'constructor' }), [])
    const failed = { ...event, eventType: 'FAILED', cause: ' UNKNOWN_SUBSCRIBER' }
    assert.partialDeepStrictEqual(await read(post(JSON.stringify([failed]))), [{ kind: 'bounced' }])
  })

  test('without the token of the account, in whatever place, are forged', async () => {
    const good = get(report)
    const forged: ReportRequest[] = [
      get(report, ''),
      get(report, config.reportToken.slice(0, -1)),
      get(report, `${config.reportToken}x`),
      get(report, config.reportToken.toUpperCase()),
      { ...good, url: `${base}?${new URLSearchParams(report)}` },
      { ...good, url: `${base}#token=${config.reportToken}` },
      { ...post(`token=${config.reportToken}&response=[]`), url: base },
      { ...good, url: base, headers: { token: config.reportToken, authorization: config.reportToken } },
    ]
    for (const request of forged)
      assert.ok('forged' in (await gupshupReports.read(request, config)), request.url)
    assert.ok('forged' in (await gupshupReports.read(get(report, ''), { reportToken: '' })))
  })

  test('that know the token but are not in the documented form are malformed', () => {
    const bodies = ['', '{}', '[', '[null]', 'response={}', `[{"externalId":"${id}"}]`]
    for (const body of bodies) {
      assert.throws(() => gupshupReports.read(post(body), config), ReportMalformed, body)
    }
    for (const change of [{ externalId: '' }, { status: '' }, { deliveredTS: '%1' }]) {
      assert.throws(() => gupshupReports.read(get({ ...report, ...change }), config), ReportMalformed)
    }
  })
})
