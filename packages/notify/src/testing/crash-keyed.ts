import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDb, migrate, toTypeId } from '@mainstay/kernel'
import { startTestServer } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import {
  type CrashOptions,
  createWorkers,
  findWrongTransitions,
  queueAll,
  watchStates,
} from './crash-crew.ts'
import { countQueued, ledgerMigrations, readMessages } from './ledger.ts'

export interface KeyedCrashReport {
  seconds: number
  kills: number
  /** Calls that the provider got; each message has one effect, however many calls it took. */
  calls: number
  /** Answers that it lost after it had taken the message. */
  lostAnswers: number
}

/**
 * The same with a provider that takes idempotency keys: it takes messages and loses its answer, hangs, fails after it has
 * sent, and refuses for now. Every message must end as sent, with one effect, without a flag and without a review, whatever
 * its policy.
 */
export async function crashAndCheckKeyed(options: CrashOptions): Promise<KeyedCrashReport> {
  const server = await startTestServer({ durable: true })
  const db = createDb({ connectionString: server.postgres.superuserConnectionString, poolSize: 4 })
  const provider = await startKeyedProvider()
  const crew = createWorkers(options, server.postgres.superuserConnectionString, provider.url)
  try {
    await migrate(db, ledgerMigrations)
    await watchStates(db)
    const policies = await queueAll(db, options.messages)
    const startedAt = performance.now()
    const kills = await crew.workUntil(async () => (await countQueued(db)) === 0, {
      timeoutMs: options.timeoutMs,
      everyMs: 50,
      what: 'every message to be settled',
    })
    const seconds = (performance.now() - startedAt) / 1000
    const messages = await readMessages(db)
    assert.equal(messages.size, policies.size)
    for (const { messageId, state, possibleDuplicate, detail } of messages.values()) {
      const id = toTypeId('msg', messageId)
      assert.equal(state, MessageState.SENT, `${id} is ${MessageState[state]}: ${detail}`)
      assert.equal(possibleDuplicate, false, `${id} is flagged though its key makes it one`)
      assert.ok(provider.taken.has(id), `${id} is called sent and never arrived`)
    }
    assert.equal(provider.taken.size, policies.size, 'nothing was sent that nobody asked for')
    assert.deepEqual(await findWrongTransitions(db), [])
    return { seconds, kills, calls: provider.calls(), lostAnswers: provider.lost() }
  } finally {
    await crew.stop()
    await provider.close()
    await db.close()
    await server.stop()
  }
}

/** Remembers the keys of what it took, as it promises: a second call with one of them has no effect. */
export async function startKeyedProvider() {
  const taken = new Set<string>()
  let calls = 0
  let lost = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls++
      const key = String(request.headers['idempotency-key'])
      const dice = Math.random()
      if (dice < 0.02 && !taken.has(key)) return response.writeHead(503, { 'retry-after': '0' }).end()
      taken.add(key)
      if (dice > 0.06) return response.end(JSON.stringify({ id: `p-${key}` }))
      lost++
      misbehave(response, dice)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/send`,
    taken,
    calls: () => calls,
    lost: () => lost,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** It has taken the message, and the caller does not hear of it. */
function misbehave(response: ServerResponse, dice: number): void {
  if (dice < 0.03) response.socket?.destroy()
  else if (dice < 0.04) response.socket?.resetAndDestroy()
  else if (dice < 0.05) response.writeHead(500).end('failed after it was sent')
  // Else it is silent until the caller gives up.
}
