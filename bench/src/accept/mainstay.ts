import { startEmbeddedPostgres } from '@mainstay/kernel'
import pg from 'pg'
import { type Child, startChild } from '../child.ts'
import type { HttpLoad, HttpLoadResult } from '../load/http-load.ts'
import type { Contender } from './contender.ts'
import { startServerProcess } from './idle.ts'
import type { ServerReady } from './mainstay-main.ts'
import { CALLERS, payload, SERIAL_MARK } from './task.ts'

/**
 * The API over HTTP, called from another process: each call with a key, an idempotency key and a dedupe key of its own.
 * Every answer must be 202, and afterwards the ledger, read from a database that has been stopped and started again, must
 * hold as many messages.
 */
export async function startMainstay(home: string): Promise<Contender> {
  const server = await startServerProcess('api', home)
  const load = await startChild(new URL('../load/http-load-main.ts', import.meta.url))
  let accepted = 0
  const stop = async () => {
    await Promise.all([server.child.stop(), load.child.stop()])
  }
  return {
    name: 'mainstay',
    async acceptFor(durationMs) {
      const result = await send(load.child, server.ready, durationMs, accepted)
      if (result.failures > 0)
        throw new Error(`${result.failures} of ${result.requests} were not answered 202`)
      accepted += result.requests
      return { perSecond: result.requestsPerSecond, p50Ms: result.p50Ms, p99Ms: result.p99Ms }
    },
    async finish() {
      await stop()
      const stored = await countStored(home)
      if (stored.some((count) => count !== accepted))
        throw new Error(`${accepted} were answered 202, and ${stored.join(' and ')} are stored`)
    },
    stop,
  }
}

function send(load: Child, { url, apiKey }: ServerReady, durationMs: number, from: number) {
  const { hostname, port } = new URL(url)
  return load.ask<HttpLoadResult>({
    host: hostname,
    port: Number(port),
    verb: 'POST',
    path: '/v1/notifications',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${apiKey}`,
      'idempotency-key': `order-${SERIAL_MARK}`,
    },
    body: JSON.stringify(payload(SERIAL_MARK)),
    connections: CALLERS,
    durationMs,
    status: 202,
    serial: { mark: SERIAL_MARK, from },
  } satisfies HttpLoad)
}

/** Everything that one 202 promises: the notification, its message, its place in the queue, and both of its keys. */
async function countStored(home: string): Promise<number[]> {
  const postgres = await startEmbeddedPostgres({ home })
  const client = new pg.Client({ connectionString: postgres.connectionString })
  try {
    await client.connect()
    const tables = [
      'notify.notifications',
      'notify.messages',
      'notify.delivery_queue',
      'notify.dedupe_keys',
      'access.idempotency_keys',
    ]
    const counts = tables.map((table) => `(SELECT count(*)::int FROM ${table})`)
    const { rows } = await client.query(`SELECT ARRAY[${counts.join(', ')}] AS counts`)
    return rows[0].counts
  } finally {
    await client.end()
    await postgres.stop()
  }
}
