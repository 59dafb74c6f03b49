import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { createSnsPeer, type SnsPeer } from '../../testing/sns-peer.ts'
import type { ProviderEvent, ReportReader, ReportRequest, Reports } from '../reports.ts'
import { createSnsReports, fetchFromSns } from './sns-reports.ts'

/** Says which message was believed. */
const echo = (id: string, message: string): ProviderEvent => ({
  eventId: id,
  kind: 'sent',
  timeMs: 0,
  detail: message,
})

describe('reports by Amazon SNS', () => {
  let sns: SnsPeer
  let reader: ReportReader<{ topicArn: string }>
  beforeEach(() => {
    sns = createSnsPeer()
    reader = createSnsReports(sns.fetch, ({ id, message }) => [echo(id, message)])
  })

  async function read(request: ReportRequest, topicArn = sns.topicArn): Promise<Reports> {
    return await reader.read(request, { topicArn })
  }

  async function assertForged(request: ReportRequest, topicArn?: string): Promise<void> {
    const reports = await read(request, topicArn)
    assert.ok('forged' in reports, request.body.toString())
  }

  test('are believed in both versions of the signature, with a subject and without', async () => {
    for (const SignatureVersion of ['1', '2']) {
      for (const Subject of [undefined, 'Amazon SES Email Event Notification']) {
        const reports = await read(sns.deliver({ SignatureVersion, Subject, Message: 'a\nbödy' }))
        assert.deepEqual(reports, {
          events: [echo('22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324', 'a\nbödy')],
        })
      }
    }
  })

  test('take one fetch of a certificate for as long as it is kept', async () => {
    for (let n = 0; n < 3; n++) await read(sns.deliver())
    assert.deepEqual(sns.fetched, [sns.certificateUrl])
  })

  test('that were changed after they were signed are forged', async () => {
    const changes = ['Message', 'MessageId', 'Timestamp', 'Type', 'TopicArn', 'Subject', 'Signature']
    for (const name of changes) await assertForged(sns.deliver({}, { after: { [name]: 'other' } }))
    await assertForged(sns.deliver({}, { after: { SignatureVersion: '1' } }))
    await assertForged(sns.deliver({ Subject: 'x' }, { after: { Subject: undefined } }))
  })

  test('without a topic in the account, or of another topic, are forged before anything is fetched', async () => {
    await assertForged(sns.deliver(), '')
    await assertForged(sns.deliver(), 'arn:aws:sns:eu-central-1:123456789012:other')
    await assertForged(sns.deliver({ TopicArn: 'arn:aws:sns:eu-central-1:999999999999:mail-events' }))
    await assertForged(sns.deliver({ TopicArn: undefined }))
    await assertForged(sns.deliver({ TopicArn: [sns.topicArn] }))
    assert.deepEqual(sns.fetched, [])
  })

  test('whose certificate lies anywhere but at the topic’s region of SNS are forged, and it is not fetched', async () => {
    const path = `/SimpleNotificationService-${'0a'.repeat(16)}.pem`
    const urls = [
      `http://sns.eu-central-1.amazonaws.com${path}`,
      `https://sns.us-east-1.amazonaws.com${path}`,
      `https://sns.eu-central-1.amazonaws.com.evil.example${path}`,
      `https://sns.eu-central-1.amazonaws.com:8443${path}`,
      `https://sns.eu-central-1.amazonaws.com@evil.example${path}`,
      `https://evil.example/https://sns.eu-central-1.amazonaws.com${path}`,
      `https://evil.example\\@sns.eu-central-1.amazonaws.com${path}`,
      `https://my-bucket.s3.amazonaws.com${path}`,
      `https://169.254.169.254${path}`,
      'https://sns.eu-central-1.amazonaws.com/',
      `https://sns.eu-central-1.amazonaws.com/other${path}`,
      `https://sns.eu-central-1.amazonaws.com/x/..${path}`,
      `https://sns.eu-central-1.amazonaws.com${path}?redirect=https://evil.example`,
      `https://sns.eu-central-1.amazonaws.com${path}#x`,
      `https://sns.eu-central-1.amazonaws.com${path}\n`,
      ` https://sns.eu-central-1.amazonaws.com${path}`,
      'file:///etc/passwd',
      '',
    ]
    for (const SigningCertURL of urls) await assertForged(sns.deliver({ SigningCertURL }))
    await assertForged(sns.deliver({ SigningCertURL: undefined }))
    await assertForged(sns.deliver({ SigningCertURL: [sns.certificateUrl] }))
    assert.deepEqual(sns.fetched, [])
  })

  test('under a certificate of another name, another key or another time are forged', async () => {
    const { authority } = sns
    const certificates = [
      authority.issue({ commonName: 'evil.example' }),
      authority.issue({ commonName: 'sns.amazonaws.com.evil.example' }),
      authority.issue({ commonName: 's3.amazonaws.com' }),
      authority.issue({ commonName: 'sns.amazonaws.com', validTo: new Date('2026-11-22T20:59:00Z') }),
      authority.issue({ commonName: 'sns.amazonaws.com', validFrom: new Date('2026-11-22T21:05:00Z') }),
    ]
    for (const [place, certificate] of certificates.entries()) {
      const SigningCertURL = sns.certificateUrl.replace('0a', `a${place}`)
      sns.documents.set(SigningCertURL, certificate.pem)
      await assertForged(sns.deliver({ SigningCertURL }, { certificate }))
    }
    const stranger = authority.issue({ commonName: 'sns.amazonaws.com' })
    await assertForged(sns.deliver({}, { certificate: stranger }))
  })

  test('of regions with a certificate of their own are believed', async () => {
    const topicArn = 'arn:aws:sns:af-south-1:123456789012:mail-events'
    const certificate = sns.authority.issue({ commonName: 'sns-signing.af-south-1.amazonaws.com' })
    const SigningCertURL = sns.certificateUrl.replace('eu-central-1', 'af-south-1')
    sns.documents.set(SigningCertURL, certificate.pem)
    const request = sns.deliver({ TopicArn: topicArn, SigningCertURL }, { certificate })
    assert.ok('events' in (await read(request, topicArn)))
  })

  test('that ask to confirm the subscription are confirmed at the topic’s region, whatever URL they name', async () => {
    const confirmUrl = `https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(sns.topicArn)}&Token=2336412f%26x`
    sns.documents.set(confirmUrl, '<ConfirmSubscriptionResponse/>')
    const request = sns.deliver({
      Type: 'SubscriptionConfirmation',
      Token: '2336412f&x',
      SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription',
    })
    assert.deepEqual(await read(request), { events: [] })
    assert.deepEqual(sns.fetched, [sns.certificateUrl, confirmUrl])
  })

  test('that ask to confirm with a changed token, or a topic of others, confirm nothing', async () => {
    const confirmation = { Type: 'SubscriptionConfirmation', Token: 'a', SubscribeURL: 'https://x.example' }
    await assertForged(sns.deliver(confirmation, { after: { Token: 'b' } }))
    await assertForged(sns.deliver({ ...confirmation, TopicArn: 'arn:aws:sns:eu-central-1:999999999999:x' }))
    assert.deepEqual(sns.fetched, [sns.certificateUrl])
  })

  test('that tell of the end of the subscription say nothing of messages', async () => {
    const end = { Type: 'UnsubscribeConfirmation', Token: 'a', SubscribeURL: 'https://x.example' }
    assert.deepEqual(await read(sns.deliver(end)), { events: [] })
    assert.deepEqual(sns.fetched, [sns.certificateUrl])
  })

  test('are asked for again while SNS cannot be reached or serves no certificate, and believed later', async () => {
    const pem = sns.documents.get(sns.certificateUrl) as string
    for (const broken of [new Error('connect ETIMEDOUT'), 'no certificate', '']) {
      sns.documents.set(sns.certificateUrl, broken)
      const reports = await read(sns.deliver())
      assert.ok('events' in reports)
      assert.equal(reports.reply?.status, 503)
      assert.deepEqual(reports.events, [])
    }
    sns.documents.set(sns.certificateUrl, pem)
    const reports = await read(sns.deliver())
    assert.ok('events' in reports)
    assert.equal(reports.events.length, 1)
    const confirmation = { Type: 'SubscriptionConfirmation', Token: 'a', SubscribeURL: 'https://x.example' }
    const unconfirmed = await read(sns.deliver(confirmation))
    assert.ok('events' in unconfirmed)
    assert.equal(unconfirmed.reply?.status, 503)
  })

  test('of any other form are forged, and nothing is thrown', async () => {
    const request = (body: string): ReportRequest => ({ ...sns.deliver(), body: Buffer.from(body) })
    for (const body of ['', 'null', '[]', '{', '"x"', '{"Type":"Notification"}'])
      await assertForged(request(body))
    await assertForged(sns.deliver({ Type: 'constructor' }))
    await assertForged(sns.deliver({ SignatureVersion: '3' }))
    await assertForged(sns.deliver({ SignatureVersion: 'constructor' }))
    await assertForged(sns.deliver({ Message: undefined }))
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.string(), async (json, signature) => {
        await assertForged(request(json))
        await assertForged(sns.deliver({}, { after: { Signature: signature } }))
      }),
      { numRuns: 50 },
    )
  })

  test('fetch from public addresses alone', async () => {
    await assert.rejects(fetchFromSns('https://127.0.0.1/x.pem'), /private address/)
    await assert.rejects(fetchFromSns('https://169.254.169.254/latest/meta-data'), /private address/)
  })
})
