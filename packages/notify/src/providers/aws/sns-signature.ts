import { verify, type X509Certificate } from 'node:crypto'
import { type Fields, firstText, parseUnverifiedBody } from '../report-body.ts'
import type { ReportRequest } from '../reports.ts'
import { awsHost } from './aws-account.ts'

/** What Amazon SNS sent, when it is believed. */
export interface SnsMessage {
  type: string
  /** The same when it is delivered again. */
  id: string
  /** As the publisher wrote it. */
  message: string
  /** Of a confirmation; empty otherwise. */
  token: string
}

/**
 * Believes only messages of this topic, in signature version 1 (SHA-1) or 2 (SHA-256), under a certificate that lies at
 * Amazon SNS in the topic's own region. There is no limit of age: SNS may deliver again for a long time, and messages have
 * ids. The signature covers fields, not the body, so JSON and texts are what is read before it is checked, and no more.
 *
 * @param certificateAt fetches one from a URL of SNS; what it throws is thrown.
 *
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export async function verifySnsMessage(
  { body, receivedMs }: ReportRequest,
  topicArn: string,
  certificateAt: (url: string) => Promise<X509Certificate>,
): Promise<SnsMessage | { forged: string }> {
  if (topicArn === '') return { forged: 'This account names no topic of reports.' }
  const fields = parseUnverifiedBody(body)
  if (fields === undefined || fields.TopicArn !== topicArn) {
    return { forged: 'It is not a message of this account’s topic.' }
  }
  const url = firstText(fields.SigningCertURL) ?? ''
  if (!isCertificateUrl(url, topicArn)) return { forged: 'Its certificate is not at Amazon SNS.' }
  const algorithm = ALGORITHMS.get(String(fields.SignatureVersion))
  const text = textToSign(fields)
  const signature = firstText(fields.Signature)
  if (algorithm === undefined || text === undefined || signature === undefined) {
    return { forged: 'It has no signature of a known version.' }
  }
  const certificate = await certificateAt(url)
  if (!isOfSns(certificate) || !isValidAt(certificate, receivedMs)) {
    return { forged: 'Its certificate is not one of Amazon SNS that is valid now.' }
  }
  if (!verify(algorithm, Buffer.from(text), certificate.publicKey, Buffer.from(signature, 'base64'))) {
    return { forged: 'The signature is not of its certificate.' }
  }
  const { Type: type, MessageId: id, Message: message, Token: token = '' } = fields as Record<string, string>
  return { type, id, message, token } as SnsMessage
}

/** Where Amazon SNS is reached in the region that the topic is in. */
export function snsOrigin(topicArn: string): string {
  return `https://${awsHost('sns', topicArn.split(':')[3] ?? '')}`
}

/** The one form that SNS gives it: nothing that a URL parser could read in two ways is fetched. */
function isCertificateUrl(url: string, topicArn: string): boolean {
  const origin = snsOrigin(topicArn)
  return (
    url.startsWith(`${origin}/`) &&
    /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/.test(url.slice(origin.length))
  )
}

/** In most regions it is of `sns.amazonaws.com`, in some of `sns-signing.<region>.amazonaws.com`. */
function isOfSns({ subject }: X509Certificate): boolean {
  return /^CN=sns[a-z0-9.-]*\.amazonaws\.com(\.cn)?$/m.test(subject)
}

function isValidAt({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo)
}

/** Names and values in lines of their own, by name; undefined when one that must be there is not a text. */
function textToSign(fields: Fields): string | undefined {
  const names = (SIGNED.get(String(fields.Type)) ?? []).filter(
    (name) => name !== 'Subject' || typeof fields.Subject === 'string',
  )
  if (names.length === 0 || !names.every((name) => typeof fields[name] === 'string')) return
  return names.map((name) => `${name}\n${String(fields[name])}\n`).join('')
}

const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
const SIGNED: ReadonlyMap<string, readonly string[]> = new Map([
  ['Notification', ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']],
  ['SubscriptionConfirmation', CONFIRMATION],
  ['UnsubscribeConfirmation', CONFIRMATION],
])
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['1', 'sha1'],
  ['2', 'sha256'],
])
