import { sign } from 'node:crypto'
import type { SnsFetch } from '../providers/aws/sns-reports.ts'
import type { ReportRequest } from '../providers/reports.ts'
import { createCertificateAuthority, type IssuedCertificate } from './certificate-authority.ts'

/** Amazon SNS as a subscriber sees it: it signs messages of a topic, and serves its certificates. */
export interface SnsPeer {
  readonly topicArn: string
  readonly certificateUrl: string
  readonly authority: ReturnType<typeof createCertificateAuthority>
  /** What is at each URL; an error is thrown. */
  readonly documents: Map<string, string | Error>
  /** The URLs that were fetched. */
  readonly fetched: string[]
  readonly fetch: SnsFetch
  /** A signed message, perhaps with fields that are other than usual; those named in `after` are changed once it is signed. */
  deliver(fields?: Record<string, unknown>, options?: DeliverOptions): ReportRequest
}

interface DeliverOptions {
  after?: Record<string, unknown>
  certificate?: IssuedCertificate
}

export function createSnsPeer(): SnsPeer {
  const topicArn = 'arn:aws:sns:eu-central-1:123456789012:mail-events'
  const certificateUrl = `https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-${'0a'.repeat(16)}.pem`
  const authority = createCertificateAuthority()
  const own = authority.issue({ commonName: 'sns.amazonaws.com' })
  const documents = new Map<string, string | Error>([[certificateUrl, own.pem]])
  const fetched: string[] = []
  return {
    topicArn,
    certificateUrl,
    authority,
    documents,
    fetched,
    fetch(url) {
      fetched.push(url)
      const document = documents.get(url)
      if (typeof document === 'string') return Promise.resolve(document)
      return Promise.reject(document ?? new Error('Amazon SNS answered HTTP 404'))
    },
    deliver(change = {}, { after = {}, certificate = own } = {}) {
      const fields: Record<string, unknown> = {
        Type: 'Notification',
        MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
        TopicArn: topicArn,
        Message: '{}',
        Timestamp: '2026-11-22T21:00:00.000Z',
        SignatureVersion: '2',
        SigningCertURL: certificateUrl,
        ...change,
      }
      const names = 'Message MessageId Subject SubscribeURL Timestamp Token TopicArn Type'.split(' ')
      const text = names
        .map((name) => (fields[name] === undefined ? '' : `${name}\n${fields[name]}\n`))
        .join('')
      const algorithm = fields.SignatureVersion === '1' ? 'sha1' : 'sha256'
      const Signature = sign(algorithm, Buffer.from(text), certificate.privateKey).toString('base64')
      return {
        method: 'POST',
        url: 'https://acme.example/reports/1',
        headers: { 'content-type': 'text/plain; charset=UTF-8' },
        body: Buffer.from(JSON.stringify({ ...fields, Signature, ...after })),
        receivedMs: Date.parse('2026-11-22T21:00:01Z'),
      }
    },
  }
}
