import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { HttpRequest } from '../http-sender.ts'
import { snsSms } from './sns.ts'

const config = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
}

const error = (status: number, code: string, message: string) => ({
  status,
  body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
  <RequestId>9fb53baf-ddf6-519a-bce4-77c8a9f4ee2a</RequestId>
</ErrorResponse>`,
})
const accountFault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: snsSms,
  config,
  checkRequest(call, sms) {
    assert.equal(`${call.method} ${call.path}`, 'POST /')
    assert.equal(call.headers['content-type'], 'application/x-www-form-urlencoded; charset=utf-8')
    assert.match(
      call.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    )
    assert.deepEqual(Object.fromEntries(new URLSearchParams(call.body)), {
      Action: 'Publish',
      Version: '2010-03-31',
      PhoneNumber: sms.to,
      Message: sms.text,
      'MessageAttributes.entry.1.Name': 'AWS.SNS.SMS.SMSType',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': 'Transactional',
      'MessageAttributes.entry.2.Name': 'AWS.MM.SMS.OriginationNumber',
      'MessageAttributes.entry.2.Value.DataType': 'String',
      'MessageAttributes.entry.2.Value.StringValue': '+14155550100',
    })
  },
  success: {
    status: 200,
    body: `<PublishResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/">
  <PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
  <ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
</PublishResponse>`,
    providerMessageId: '567910cd-659e-55d4-8ccb-5aaf14679dc0',
  },
  answers: [
    {
      name: 'a key that does not exist',
      ...error(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
      means: accountFault,
    },
    {
      name: 'a wrong secret key',
      ...error(403, 'SignatureDoesNotMatch', 'The request signature does not match.'),
      means: accountFault,
    },
    {
      name: 'a clock that is wrong',
      ...error(400, 'RequestExpired', 'Request has expired.'),
      means: accountFault,
    },
    {
      name: 'a key that may not publish',
      ...error(403, 'AuthorizationError', 'User is not authorized to perform: SNS:Publish'),
      means: accountFault,
    },
    {
      name: 'a number that SNS does not take, or a region that has no SMS',
      ...error(
        400,
        'InvalidParameter',
        'Invalid parameter: PhoneNumber Reason: +49 is not valid to publish to',
      ),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a number that opted out',
      ...error(400, 'InvalidParameter', 'Invalid parameter: Phone number is opted out'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too many requests',
      ...error(400, 'Throttling', 'Rate exceeded'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many requests, as the reference names it',
      ...error(429, 'Throttled', 'Rate exceeded'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'an error of theirs',
      ...error(500, 'InternalError', 'Internal error'),
      means: { outcome: 'unknown' },
    },
    { name: 'a gateway that gave up', status: 504, body: '', means: { outcome: 'unknown' } },
  ],
})

describe('Amazon SNS', () => {
  const context = {
    allowPrivate: false,
    nowMs: () => 0,
    call: () => Promise.reject(new Error('it calls nothing else')),
  }

  test('names sender ids as such, and what is sent in bulk as promotional', async () => {
    const sms = aMessage('sms', { from: 'Acme-Shop', class: 'bulk' })
    const { url, body } = (await snsSms.request(sms, config, context)) as HttpRequest
    assert.equal(url, 'https://sns.eu-central-1.amazonaws.com/')
    const form = new URLSearchParams(String(body))
    assert.equal(form.get('MessageAttributes.entry.1.Value.StringValue'), 'Promotional')
    assert.equal(form.get('MessageAttributes.entry.2.Name'), 'AWS.SNS.SMS.SenderID')
    assert.equal(form.get('MessageAttributes.entry.2.Value.StringValue'), 'Acme-Shop')
  })

  test('takes one-time codes at the priority of transactional messages', async () => {
    const { body } = (await snsSms.request(aMessage('sms', { class: 'otp' }), config, context)) as HttpRequest
    const form = new URLSearchParams(String(body))
    assert.equal(form.get('MessageAttributes.entry.1.Value.StringValue'), 'Transactional')
  })

  test('takes the senders that SNS takes', () => {
    for (const sender of ['+14155550100', '12345', 'ACME', 'A', 'Acme-Shop1']) {
      assert.equal(snsSms.isSender(sender), true, sender)
    }
    for (const sender of ['', '-Acme', 'Acme-', 'Acme Shop', 'ElevenPlusOne', 'Größe', '12', '+1']) {
      assert.equal(snsSms.isSender(sender), false, sender)
    }
  })
})
