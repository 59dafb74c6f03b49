import { X509Certificate } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { createHttpSender, describeError } from '../http-sender.ts'
import type { ProviderEvent, ReportReader } from '../reports.ts'
import { type SnsMessage, snsOrigin, verifySnsMessage } from './sns-signature.ts'

/** Fetches a document of Amazon SNS; throws when the answer is not 200. */
export type SnsFetch = (url: string) => Promise<string>

/** Fetches over connections to public addresses, follows no redirect, and reads 64 KiB at the most. */
export const fetchFromSns: SnsFetch = async (url) => {
  const sender = createHttpSender({
    connectTimeoutMs: 5000,
    sendTimeoutMs: 10_000,
    allowPrivate: false,
    connections: 1,
  })
  try {
    const exchange = await sender.send({ method: 'GET', url, headers: {} }, AbortSignal.timeout(15_000))
    if (exchange.case !== 'answer') throw new Error(exchange.reply)
    if (exchange.answer.status !== 200) throw new Error(`Amazon SNS answered HTTP ${exchange.answer.status}`)
    return exchange.answer.body
  } finally {
    await sender.close()
  }
}

/**
 * Reads reports that a provider publishes to an Amazon SNS topic of the account. A subscription to that topic is confirmed
 * when SNS asks; the URL for it is made here, at the topic's own region, and the one in the message is not followed. When SNS
 * cannot be reached, which the caller cannot help, the answer is 503 and SNS delivers again.
 *
 * @param fetch is asked for URLs of `sns.<region>.amazonaws.com` alone.
 * @param readEvents reads one notification; may throw `ReportMalformed`.
 *
 * https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
 */
export function createSnsReports(
  fetch: SnsFetch,
  readEvents: (message: SnsMessage) => readonly ProviderEvent[],
): ReportReader<{ topicArn: string }> {
  // Certificates last for months; a URL never gets another one.
  const certificates = new LRUCache<string, X509Certificate>({ max: 32, ttl: 24 * 3_600_000 })
  async function certificateAt(url: string): Promise<X509Certificate> {
    const known = certificates.get(url)
    if (known !== undefined) return known
    const fetched = await fetch(url)
      .then((pem) => new X509Certificate(pem))
      .catch(unreachable)
    certificates.set(url, fetched)
    return fetched
  }
  async function confirm(token: string, topicArn: string): Promise<void> {
    const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: token })
    await fetch(`${snsOrigin(topicArn)}/?${query}`).catch(unreachable)
  }
  return {
    async read(request, { topicArn }) {
      try {
        const message = await verifySnsMessage(request, topicArn, certificateAt)
        if ('forged' in message) return message
        if (message.type === 'SubscriptionConfirmation') await confirm(message.token, topicArn)
        return { events: message.type === 'Notification' ? readEvents(message) : [] }
      } catch (error) {
        if (!(error instanceof SnsUnreachable)) throw error
        const body = 'Amazon SNS does not give what this message takes. Deliver it again.'
        return { events: [], reply: { status: 503, contentType: 'text/plain', body } }
      }
    },
  }
}

class SnsUnreachable extends Error {}

function unreachable(cause: unknown): never {
  throw new SnsUnreachable(describeError(cause), { cause })
}
