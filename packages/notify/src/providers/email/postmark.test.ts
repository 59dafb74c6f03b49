import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { type ProviderEvent, ReportMalformed, type ReportRequest } from '../reports.ts'
import { postmark } from './postmark.ts'
import { postmarkReports } from './postmark-reports.ts'

const config = {
  serverToken: '0d1f0f4e-5b5c-4d2b-9a3e-0123456789ab',
  messageStream: '',
  webhookPassword: 'correct horse battery'.replaceAll(' ', '-'),
}

const error = (status: number, ErrorCode: number, Message: string) => ({
  status,
  body: JSON.stringify({ ErrorCode, Message }),
})
const accountFault = { outcome: 'rejected_transient', accountFault: true } as const
const inactive =
  'You tried to send to a recipient that has been marked as inactive. Found inactive addresses: ada@customer.example.'

describeService({
  service: postmark,
  config,
  checkRequest(call, email) {
    assert.equal(`${call.method} ${call.path}`, 'POST /email')
    assert.equal(call.headers['x-postmark-server-token'], config.serverToken)
    assert.equal(call.headers.accept, 'application/json')
    assert.deepEqual(JSON.parse(call.body), {
      From: 'Acme <hello@acme.example>',
      To: email.to,
      Subject: email.subject,
      TextBody: email.text,
      HtmlBody: email.html,
      Headers: [{ Name: 'X-Mainstay-Message', Value: email.messageId }],
      Metadata: { mainstay_message: email.messageId },
      MessageStream: 'outbound',
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({
      To: 'ada@customer.example',
      SubmittedAt: '2026-11-22T07:25:01.4178645-05:00',
      MessageID: '0a129aee-e1cd-480d-b08d-4f48548ff48d',
      ErrorCode: 0,
      Message: 'OK',
    }),
    providerMessageId: '0a129aee-e1cd-480d-b08d-4f48548ff48d',
  },
  answers: [
    { name: 'a wrong token', ...error(401, 10, 'Bad or missing API token.'), means: accountFault },
    {
      name: 'an inactive recipient',
      ...error(422, 406, inactive),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'an inactive recipient inside a success',
      ...error(200, 406, inactive),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'an address that is none',
      ...error(422, 300, "Invalid 'To' address: 'ada@customer'."),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a sender that is none',
      ...error(422, 300, "Error parsing 'From': Illegal email domain 'x' in address 'a@x'."),
      means: accountFault,
    },
    {
      name: 'a request that is wrong otherwise',
      ...error(422, 300, 'Invalid metadata content.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a sender that is not known',
      ...error(422, 400, 'The Sender Signature was not found.'),
      means: accountFault,
    },
    {
      name: 'a sender that is not confirmed',
      ...error(422, 401, 'The Sender Signature is not confirmed.'),
      means: accountFault,
    },
    { name: 'no credit', ...error(422, 405, 'You ran out of credits.'), means: accountFault },
    { name: 'a pending account', ...error(422, 412, 'Your account is pending.'), means: accountFault },
    { name: 'a closed account', ...error(422, 413, 'Your account may not send.'), means: accountFault },
    {
      name: 'no such stream',
      ...error(422, 1235, "The stream provided: 'news' does not exist on this server."),
      means: accountFault,
    },
    {
      name: 'a stream that is not for sending',
      ...error(422, 300, "Sending is not supported on the supplied 'MessageStream'."),
      means: accountFault,
    },
    {
      name: 'another error inside a success',
      ...error(200, 411, 'Forbidden attachment type.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'another error',
      ...error(422, 402, 'The JSON is invalid.'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'too large', status: 413, body: '', means: { outcome: 'rejected_permanent' } },
    {
      name: 'too many requests',
      ...error(429, 429, 'Rate limit exceeded.'),
      headers: { 'retry-after': '3' },
      means: { outcome: 'rejected_transient', retryAfterMs: 3000 },
    },
    {
      name: 'maintenance',
      ...error(503, 100, 'The Postmark API is offline for maintenance.'),
      means: { outcome: 'rejected_transient' },
    },
    { name: 'an error of theirs', status: 500, body: 'Internal Server Error', means: { outcome: 'unknown' } },
  ],
})

describe('Postmark, asked for a message whose answer was lost', () => {
  const email = aMessage('email')
  const answer = (status: number, body: unknown) => ({ status, headers: {}, body: JSON.stringify(body) })
  const found = {
    TotalCount: 1,
    Messages: [
      {
        MessageID: '0a129aee-e1cd-480d-b08d-4f48548ff48d',
        Status: 'Sent',
        Metadata: { mainstay_message: email.messageId },
      },
    ],
  }

  test('is asked for the message’s own id', async () => {
    const context = {
      allowPrivate: false,
      nowMs: () => 0,
      call: () => Promise.reject(new Error('it calls nothing else')),
    }
    const request = await postmark.lookup?.request(email, config, context)
    assert.equal(
      request?.url,
      `https://api.postmarkapp.com/messages/outbound?count=1&offset=0&metadata_mainstay_message=${email.messageId}`,
    )
    assert.equal(request?.headers['x-postmark-server-token'], config.serverToken)
  })

  test('has sent what it finds, and proves nothing of what it does not find', () => {
    assert.partialDeepStrictEqual(postmark.lookup?.read(answer(200, found), email), {
      outcome: 'sent',
      providerMessageId: '0a129aee-e1cd-480d-b08d-4f48548ff48d',
    })
    const others = [
      answer(200, { TotalCount: 0, Messages: [] }),
      answer(200, { ...found, Messages: [{ ...found.Messages[0], Metadata: {} }] }),
      answer(200, {
        ...found,
        Messages: [{ ...found.Messages[0], Metadata: { mainstay_message: 'msg_x' } }],
      }),
      answer(200, []),
      answer(401, { ErrorCode: 10 }),
      answer(500, found),
      { status: 200, headers: {}, body: '<html>' },
    ]
    for (const other of others) {
      assert.equal(postmark.lookup?.read(other, email).outcome, 'unknown', JSON.stringify(other))
    }
  })
})

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

function report(body: unknown, authorization = basic(`mainstay:${config.webhookPassword}`)): ReportRequest {
  return {
    method: 'POST',
    url: 'https://acme.example/reports/1',
    headers: { authorization },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    receivedMs: Date.parse('2026-11-22T21:00:00Z'),
  }
}

async function read(body: unknown): Promise<readonly ProviderEvent[]> {
  const reports = await postmarkReports.read(report(body), config)
  assert.ok('events' in reports, JSON.stringify(reports))
  return reports.events
}

describe('reports of Postmark', () => {
  const common = {
    MessageID: '883953f4-6105-42a2-a16a-77a8eac79483',
    Metadata: { mainstay_message: 'msg_01h455vb4pex5vsknk084sn02q' },
  }
  const BouncedAt = '2026-11-22T20:59:13.2735393-05:00'
  const bounce = (Type: string) => ({
    ...common,
    RecordType: 'Bounce',
    ID: 42,
    Type,
    Email: 'ada@customer.example',
    BouncedAt,
    Details: `smtp; 550 ${Type}`,
  })

  test('are believed with their password, and say which message they are about', async () => {
    assert.deepEqual(await read(bounce('HardBounce')), [
      {
        eventId: `Bounce/42/883953f4-6105-42a2-a16a-77a8eac79483/ada@customer.example/${BouncedAt}`,
        kind: 'bounced',
        timeMs: Date.parse('2026-11-22T20:59:13.273-05:00'),
        messageId: 'msg_01h455vb4pex5vsknk084sn02q',
        providerMessageId: '883953f4-6105-42a2-a16a-77a8eac79483',
        address: 'ada@customer.example',
        detail: 'smtp; 550 HardBounce',
      },
    ])
  })

  test('are read for what they mean', async () => {
    const Recipient = 'ada@customer.example'
    const at = '2026-11-22T20:59:13Z'
    const change = (more: object) => ({
      ...common,
      RecordType: 'SubscriptionChange',
      Recipient,
      ChangedAt: at,
      SuppressSending: true,
      Origin: 'Recipient',
      SuppressionReason: 'ManualSuppression',
      ...more,
    })
    const expected: [object, string[]][] = [
      [
        { ...common, RecordType: 'Delivery', Recipient, DeliveredAt: at, Details: '250 OK' },
        ['delivered: 250 OK'],
      ],
      [{ ...common, RecordType: 'Open', Recipient, ReceivedAt: at }, ['opened: Open']],
      [
        {
          ...common,
          RecordType: 'Click',
          Recipient,
          ReceivedAt: at,
          OriginalLink: 'https://acme.example',
        },
        ['clicked: https://acme.example'],
      ],
      [
        { ...bounce('SpamComplaint'), RecordType: 'SpamComplaint', Details: '' },
        ['complained: SpamComplaint'],
      ],
      [bounce('BadEmailAddress'), ['bounced: smtp; 550 BadEmailAddress']],
      [bounce('SoftBounce'), ['failed: smtp; 550 SoftBounce']],
      [bounce('DMARCPolicy'), ['failed: smtp; 550 DMARCPolicy']],
      [bounce('Unsubscribe'), ['unsubscribed: smtp; 550 Unsubscribe']],
      [bounce('Transient'), []],
      [bounce('AutoResponder'), []],
      [bounce('toString'), []],
      [change({}), ['unsubscribed: ManualSuppression']],
      [change({ SuppressionReason: 'HardBounce' }), ['bounced: HardBounce']],
      [change({ SuppressionReason: 'SpamComplaint' }), ['complained: SpamComplaint']],
      [change({ Origin: 'Admin', MessageID: null }), []],
      [change({ SuppressSending: false, SuppressionReason: null }), []],
      [{ RecordType: 'Inbound' }, []],
    ]
    for (const [body, meaning] of expected) {
      const events = await read(body)
      assert.deepEqual(
        events.map(({ kind, detail }) => `${kind}: ${detail}`),
        meaning,
      )
    }
  })

  test('have the same id when they are told again, and another one each', async () => {
    const open = (ReceivedAt: string) => ({
      ...common,
      RecordType: 'Open',
      Recipient: 'a@x.example',
      ReceivedAt,
    })
    const idOf = async (body: unknown) => (await read(body))[0]?.eventId
    const first = await idOf(open('2026-11-22T20:59:13Z'))
    assert.equal(await idOf(open('2026-11-22T20:59:13Z')), first)
    assert.notEqual(await idOf(open('2026-11-22T20:59:14Z')), first)
  })

  test('without the account’s password are forged', async () => {
    const body = bounce('HardBounce')
    const password = config.webhookPassword
    const forged = [
      '',
      'Basic',
      'Basic ',
      `Bearer ${password}`,
      password,
      basic(password),
      basic('mainstay:'),
      basic(`mainstay:${password}x`),
      basic(`mainstay:${password.slice(1)}`),
      basic(`mainstay:${password.toUpperCase()}`),
      basic(`admin:${password}`),
      `${basic(`mainstay:${password}`)} x`,
      basic(`mainstay:${password}\0`),
      'Basic 💥',
    ]
    for (const authorization of forged) {
      assert.ok('forged' in (await postmarkReports.read(report(body, authorization), config)), authorization)
    }
    assert.ok('forged' in (await postmarkReports.read({ ...report(body), headers: {} }, config)))
    const open = report(body, basic('mainstay:'))
    assert.ok('forged' in (await postmarkReports.read(open, { webhookPassword: '' })))
  })

  test('that are believed but no event are malformed', () => {
    const { BouncedAt: _, ...timeless } = bounce('HardBounce')
    for (const body of ['', '[]', 'null', '{}', '{"RecordType":1}', timeless]) {
      assert.throws(() => postmarkReports.read(report(body), config), ReportMalformed, JSON.stringify(body))
    }
  })
})
