import { childTrace, formatTraceparent, type Logger, toTypeId } from '@mainstay/kernel'
import type { AttachmentFiles } from '../attachments/files.ts'
import type { LookupResult, ProviderResult } from '../providers/adapter.ts'
import type { Outgoing } from '../providers/outgoing.ts'
import type { Job } from './claim.ts'
import { Doubt } from './doubt.ts'
import { LANE_NAMES } from './lanes.ts'
import { addressed } from './outgoing-of.ts'

/** How long a client may still take to give up after it was told to. */
const GRACE_MS = 5000

/** Sends under way that share a deadline. */
export interface Sending {
  /** Tells the clients to give up; what they answer is still reported. */
  abort(): void
  /** Reports nothing more. */
  abandon(): void
}

/**
 * Hands a batch of messages to their providers, all at once, and reports each result as it comes, exactly once. Never
 * throws. The messages of a batch share one deadline: past it they are aborted, and a client that does not even
 * then answer is answered for: unknown.
 */
export function sendBatch(
  jobs: readonly Job[],
  { timeoutMs, logger, files }: { timeoutMs: number; logger: Logger; files: AttachmentFiles },
  report: (job: Job, result: ProviderResult) => void,
  onClosed: (sending: Sending) => void,
): Sending {
  const controller = new AbortController()
  const open = new Set(jobs)
  const close = (job: Job, result: ProviderResult): void => {
    if (!open.delete(job)) return
    report(job, result)
    if (open.size > 0) return
    clearTimeout(timer)
    onClosed(sending)
  }
  const sending: Sending = {
    abort: () => controller.abort(new Error('the worker stops')),
    abandon() {
      open.clear()
      clearTimeout(timer)
    },
  }
  let timer = setTimeout(() => {
    // Where the process stood still, timers come before what waits in its sockets: answers that are there are read first.
    setImmediate(() => {
      if (open.size === 0) return
      controller.abort(new Error(`no answer within ${timeoutMs} ms`))
      timer = setTimeout(() => {
        for (const job of open)
          close(job, { outcome: 'unknown', reply: `no answer within ${timeoutMs + GRACE_MS} ms` })
      }, GRACE_MS)
    })
  }, timeoutMs)
  const nowMs = Date.now()
  for (const job of jobs) {
    ask(job, toOutgoing(job, nowMs), controller.signal, files).then(
      (result) => close(job, result),
      (err: unknown) => {
        // Clients promise not to throw; one that does tells nothing about how far it came.
        logger.error({ err, messageId: toTypeId('msg', job.messageId) }, 'a provider client threw')
        close(job, { outcome: 'unknown', reply: 'the provider client failed in an unforeseen way' })
      },
    )
  }
  return sending
}

/** Hands the message over with its files, or asks what became of it. */
function ask(
  { doubt, client, content }: Job,
  message: Outgoing,
  signal: AbortSignal,
  files: AttachmentFiles,
): Promise<ProviderResult> {
  if (doubt === Doubt.LOOK_UP && client.lookup !== undefined) {
    return client.lookup(message, signal).then(toResult)
  }
  const stored = 'email' in content ? content.email.attachments : undefined
  if (stored === undefined || message.channel !== 'email') return client.send(message, signal)
  return files.send(message.projectId, stored, signal, (attachments) =>
    client.send({ ...message, attachments }, signal),
  )
}

function toResult(found: LookupResult): ProviderResult {
  switch (found.outcome) {
    case 'sent':
      return { ...found, outcome: 'accepted' }
    case 'not_sent':
      return { outcome: 'rejected_transient', reply: `The provider does not have it: ${found.reply}` }
    case 'unknown':
      return found
  }
}

function toOutgoing(job: Job, nowMs: number): Outgoing {
  const envelope = {
    messageId: toTypeId('msg', job.messageId),
    projectId: job.projectId,
    notificationId: toTypeId('ntf', job.notificationId),
    from: job.account.sender,
    to: job.to,
    class: LANE_NAMES[job.lane],
    attempt: job.attempt,
    ttlMs: Math.max(0, job.expireMs - nowMs),
    ...(job.traceId !== null && {
      traceparent: formatTraceparent(childTrace({ traceId: job.traceId, spanId: '', sampled: true })),
    }),
    ...(job.account.reportUrl !== '' && { reportUrl: job.account.reportUrl }),
  }
  return addressed(envelope, job.content, job.headers)
}
