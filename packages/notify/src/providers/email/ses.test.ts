import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { createSnsPeer } from '../../testing/sns-peer.ts'
import type { HttpRequest } from '../http-sender.ts'
import { type ProviderEvent, ReportMalformed } from '../reports.ts'
import { ses } from './ses.ts'
import { createSesReports } from './ses-reports.ts'

const config = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
  configurationSet: 'mainstay',
  topicArn: '',
}

const error = (status: number, type: string, message: string) => ({
  status,
  headers: { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazonaws.ses/` },
  body: JSON.stringify({ message }),
})
const accountFault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: ses,
  config,
  checkRequest(call, email) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v2/email/outbound-emails')
    assert.match(
      call.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/ses\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    )
    assert.match(String(call.headers['x-amz-date']), /^\d{8}T\d{6}Z$/)
    assert.deepEqual(JSON.parse(call.body), {
      FromEmailAddress: 'Acme <hello@acme.example>',
      Destination: { ToAddresses: [email.to] },
      Content: {
        Simple: {
          Subject: { Data: email.subject, Charset: 'UTF-8' },
          Body: {
            Text: { Data: email.text, Charset: 'UTF-8' },
            Html: { Data: email.html, Charset: 'UTF-8' },
          },
          Headers: [{ Name: 'X-Mainstay-Message', Value: email.messageId }],
        },
      },
      EmailTags: [{ Name: 'mainstay_message', Value: email.messageId }],
      ConfigurationSetName: 'mainstay',
    })
  },
  success: {
    status: 200,
    body: '{"MessageId":"010701874a5e-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"}',
    providerMessageId: '010701874a5e-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
  },
  answers: [
    {
      name: 'a key that does not exist',
      ...error(403, 'UnrecognizedClientException', 'The security token is invalid.'),
      means: accountFault,
    },
    {
      name: 'a wrong secret key',
      ...error(403, 'InvalidSignatureException', 'The request signature does not match.'),
      means: accountFault,
    },
    {
      name: 'a sender that is not verified',
      ...error(400, 'MessageRejected', 'Email address is not verified.'),
      means: accountFault,
    },
    {
      name: 'a domain that is not verified',
      ...error(400, 'MailFromDomainNotVerifiedException', 'The sending domain is not verified.'),
      means: accountFault,
    },
    {
      name: 'an account that is paused',
      ...error(400, 'SendingPausedException', 'Sending is paused.'),
      means: accountFault,
    },
    {
      name: 'an account that is closed',
      ...error(400, 'AccountSuspendedException', 'The account is restricted.'),
      means: accountFault,
    },
    {
      name: 'a configuration set that does not exist',
      ...error(404, 'NotFoundException', 'Configuration set <mainstay> does not exist.'),
      means: accountFault,
    },
    {
      name: 'the day’s quota is used up',
      ...error(400, 'LimitExceededException', 'Daily message quota exceeded.'),
      means: accountFault,
    },
    {
      name: 'too many requests',
      ...error(429, 'TooManyRequestsException', 'Maximum sending rate exceeded.'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many requests, as other services of AWS say it',
      status: 400,
      body: JSON.stringify({ __type: 'com.amazon.coral.availability#ThrottlingException', message: 'Rate' }),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'a message that holds a virus',
      ...error(400, 'MessageRejected', 'The message contains a virus.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a wrong address',
      ...error(400, 'BadRequestException', 'Missing final @domain'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'an error of theirs',
      ...error(500, 'InternalServiceErrorException', 'Internal error'),
      means: { outcome: 'unknown' },
    },
    {
      name: 'closed for a while',
      ...error(503, 'ServiceUnavailable', 'Service unavailable'),
      means: { outcome: 'rejected_transient' },
    },
  ],
})

describe('Amazon SES', () => {
  const context = {
    allowPrivate: false,
    nowMs: () => Date.UTC(2026, 10, 22, 21),
    call: () => Promise.reject(new Error('it calls nothing else')),
  }

  test('writes names beyond ASCII as encoded words of at most 75 characters', async () => {
    const name = 'Größe & Söhne 漢字'.repeat(5)
    const email = aMessage('email', { from: `"${name}" <hello@acme.example>` })
    const { body } = (await ses.request(email, config, context)) as HttpRequest
    const { FromEmailAddress: from } = JSON.parse(String(body))
    const words = from.split(' ').slice(0, -1) as string[]
    assert.ok(words.every((word) => word.length <= 75 && /^[ -~]+$/.test(word)))
    const decoded = words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString()).join('')
    assert.equal(decoded, name)
    assert.ok(from.endsWith(' <hello@acme.example>'))
  })

  test('proves its key by asking whose it is', async () => {
    const request = (await ses.verify?.(config, context)) as HttpRequest
    assert.equal(request.url, 'https://sts.eu-central-1.amazonaws.com/')
    assert.equal(request.body, 'Action=GetCallerIdentity&Version=2011-06-15')
    assert.match(request.headers.authorization ?? '', /\/20261122\/eu-central-1\/sts\/aws4_request/)
  })

  test('is reached in the region’s own domain', async () => {
    const china = { ...config, region: 'cn-north-1', configurationSet: '' }
    const { url } = (await ses.request(aMessage('email'), china, context)) as HttpRequest
    assert.equal(url, 'https://email.cn-north-1.amazonaws.com.cn/v2/email/outbound-emails')
  })
})

describe('reports of Amazon SES', () => {
  const sns = createSnsPeer()
  const reader = createSesReports(sns.fetch)
  const mail = {
    timestamp: '2026-11-22T20:00:00.000Z',
    messageId: 'EXAMPLE7c191be45',
    destination: ['ada@customer.example'],
    headers: [{ name: 'X-Mainstay-Message', value: 'msg_01h455vb4pex5vsknk084sn02q' }],
    tags: { 'ses:configuration-set': ['mainstay'], mainstay_message: ['msg_01h455vb4pex5vsknk084sn02q'] },
  }
  const timestamp = '2026-11-22T20:00:07.500Z'

  async function read(event: unknown): Promise<readonly ProviderEvent[]> {
    const Message = typeof event === 'string' ? event : JSON.stringify(event)
    const reports = await reader.read(sns.deliver({ Message }), { topicArn: sns.topicArn })
    assert.ok('events' in reports, JSON.stringify(reports))
    return reports.events
  }

  test('say which message they are about, when, and in whose words', async () => {
    const bounce = {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [
        {
          emailAddress: 'ada@customer.example',
          action: 'failed',
          status: '5.1.1',
          diagnosticCode: 'smtp; 550 5.1.1 user unknown',
        },
      ],
      timestamp,
    }
    assert.deepEqual(await read({ eventType: 'Bounce', mail, bounce }), [
      {
        eventId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
        kind: 'bounced',
        timeMs: Date.parse(timestamp),
        messageId: 'msg_01h455vb4pex5vsknk084sn02q',
        providerMessageId: 'EXAMPLE7c191be45',
        address: 'ada@customer.example',
        detail: 'smtp; 550 5.1.1 user unknown',
      },
    ])
  })

  test('are read for what they mean, of events and of notifications', async () => {
    const bounce = (bounceType: string, bounceSubType: string) => ({ bounceType, bounceSubType, timestamp })
    const expected: [object, string[]][] = [
      [{ eventType: 'Send', send: {} }, ['sent: Send']],
      [{ eventType: 'Delivery', delivery: { timestamp, smtpResponse: '250 ok' } }, ['delivered: 250 ok']],
      [{ notificationType: 'Delivery', delivery: { timestamp } }, ['delivered: Delivery']],
      [
        { eventType: 'Bounce', bounce: bounce('Permanent', 'Suppressed') },
        ['bounced: Permanent: Suppressed'],
      ],
      [
        { eventType: 'Bounce', bounce: bounce('Transient', 'MailboxFull') },
        ['failed: Transient: MailboxFull'],
      ],
      [
        { notificationType: 'Bounce', bounce: bounce('Undetermined', 'Undetermined') },
        ['failed: Undetermined: Undetermined'],
      ],
      [
        {
          eventType: 'Complaint',
          complaint: {
            timestamp,
            complaintFeedbackType: 'abuse',
            complainedRecipients: [{ emailAddress: 'a@x.example' }, { emailAddress: 'b@x.example' }],
          },
        },
        ['complained: abuse', 'complained: abuse'],
      ],
      [{ eventType: 'Reject', reject: { reason: 'Bad content' } }, ['failed: Bad content']],
      [
        { eventType: 'Rendering Failure', failure: { errorMessage: 'Attribute missing' } },
        ['failed: Attribute missing'],
      ],
      [{ eventType: 'Open', open: { timestamp } }, ['opened: Open']],
      [
        { eventType: 'Click', click: { timestamp, link: 'https://acme.example' } },
        ['clicked: https://acme.example'],
      ],
      [{ eventType: 'DeliveryDelay', deliveryDelay: { timestamp } }, []],
      [{ eventType: 'toString' }, []],
    ]
    for (const [event, meaning] of expected) {
      const events = await read({ mail, ...event })
      assert.deepEqual(
        events.map(({ kind, detail }) => `${kind}: ${detail}`),
        meaning,
      )
      assert.equal(new Set(events.map(({ eventId }) => eventId)).size, meaning.length)
    }
  })

  test('know the message by its header where tags are not published', async () => {
    const { tags: _, ...untagged } = mail
    const [only] = await read({ notificationType: 'Delivery', mail: untagged, delivery: { timestamp } })
    assert.equal(only?.messageId, 'msg_01h455vb4pex5vsknk084sn02q')
    const [stranger] = await read({ eventType: 'Open', mail: { timestamp }, open: {} })
    assert.deepEqual([stranger?.messageId, stranger?.address], [undefined, undefined])
  })

  test('of a topic that SES tries out say nothing', async () => {
    assert.deepEqual(await read('Successfully validated SNS topic for Amazon SES event publishing.'), [])
  })

  test('that are signed but no event are malformed', async () => {
    const bodies = ['', 'x', 'null', '[]', '{}', '{"eventType":1}', '{"eventType":"Send"}']
    for (const body of bodies) await assert.rejects(read(body), ReportMalformed, body)
  })

  test('that SNS did not sign, or of another topic, are forged', async () => {
    const Message = JSON.stringify({ eventType: 'Send', mail })
    const changed = sns.deliver({ Message: '{}' }, { after: { Message } })
    assert.ok('forged' in (await reader.read(changed, { topicArn: sns.topicArn })))
    assert.ok('forged' in (await reader.read(sns.deliver({ Message }), { topicArn: '' })))
  })
})
