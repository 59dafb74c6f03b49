import type { Db, Tx } from '../db/index.ts'
import { idTimeMs } from '../ids.ts'
import { continueTrace, withTrace } from '../telemetry/index.ts'
import type { StoredEvent } from './feed.ts'
import type { Consumer, Delivery } from './subscription.ts'

/**
 * Calls the handler for one event, inside the trace of whoever published it.
 *
 * @returns what it threw, or undefined when all went well. A handler that overstays its time, or is still busy when the
 * shard is lost, has failed; what it does afterwards is its own affair, and the reason why `signal` should be heeded.
 */
export async function deliver(
  db: Db,
  consumer: Consumer,
  event: StoredEvent,
  attempt: number,
  shardSignal: AbortSignal,
): Promise<{ error: unknown } | undefined> {
  const abort = new AbortController()
  const end = (): void => abort.abort(shardSignal.reason)
  shardSignal.addEventListener('abort', end, { once: true })
  const timer = setTimeout(() => {
    abort.abort(new Error(`The handler took longer than ${consumer.timeoutMs} ms`))
  }, consumer.timeoutMs)
  const aborted = new Promise<never>((_resolve, reject) => {
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true })
  })
  try {
    const call = withTrace(continueTrace(event.trace ?? undefined), async () => {
      const token = consumer.tokens.get(event.topic)
      if (token === undefined)
        throw new Error(`The group ${consumer.group} has no handler for ${event.topic} any more`)
      await consumer.handler(
        {
          id: event.id,
          name: event.topic,
          key: event.key ?? undefined,
          payload: token.parse(event.payload),
          publishTime: new Date(idTimeMs(event.id)),
          attempt,
        },
        createDelivery(db, consumer.group, event.id, abort.signal),
      )
    })
    await Promise.race([call, aborted])
    return
  } catch (error) {
    return { error }
  } finally {
    clearTimeout(timer)
    shardSignal.removeEventListener('abort', end)
  }
}

function createDelivery(db: Db, group: string, eventId: string, signal: AbortSignal): Delivery {
  return {
    signal,
    once: (fn: (tx: Tx) => Promise<void>) =>
      db.transaction(async (tx) => {
        const { rowCount } = await tx.query({
          name: 'events.receipt',
          text: 'INSERT INTO kernel.event_receipts (group_name, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          values: [group, eventId],
        })
        if (rowCount === 0) return false
        await fn(tx)
        return true
      }),
  }
}

/** An error's text for the retries and dead letters, which operators read. Not the stack: that is in the log. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.slice(0, 2_000)
}
