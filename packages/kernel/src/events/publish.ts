import type { Tx } from '../db/index.ts'
import { currentTrace, formatTraceparent } from '../telemetry/index.ts'
import type { EventToken } from './define.ts'

/**
 * Writes events into the outbox, in the caller's transaction: they are published if and only if it commits.
 *
 * The table is the contract, for those who publish from a statement of their own (a batch that inserts everything at
 * once). Give these four columns, leave the others to their defaults, and call `events.wake()` after the commit:
 *
 *     INSERT INTO kernel.outbox (topic, key, payload, trace)
 *     SELECT 'notify.accepted', m.id::text, json_build_object('messageId', m.id), m.trace FROM …
 *
 * `topic` is the token's name, `key` orders (may be NULL), `payload` is JSON, `trace` a traceparent or NULL. Rows of one
 * transaction keep the order in which they are inserted.
 */
export async function insertEvents<P>(
  tx: Tx,
  token: EventToken<P>,
  payloads: readonly P[],
  key?: string,
): Promise<void> {
  if (payloads.length === 0) return
  const trace = currentTrace()
  const traceparent = trace === undefined ? null : formatTraceparent(trace)
  const keys = payloads.map((payload) => key ?? token.key(payload) ?? null)
  const json = payloads.map((payload) => JSON.stringify(payload ?? null))
  if (payloads.length === 1) {
    await tx.query({
      name: 'events.publish',
      text: 'INSERT INTO kernel.outbox (topic, key, payload, trace) VALUES ($1, $2, $3, $4)',
      values: [token.name, keys[0], json[0], traceparent],
    })
    return
  }
  await tx.query({
    name: 'events.publish_many',
    text: `INSERT INTO kernel.outbox (topic, key, payload, trace)
           SELECT $1, key, payload::json, $4 FROM unnest($2::text[], $3::text[]) AS event (key, payload)`,
    values: [token.name, keys, json, traceparent],
  })
}
