import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { GetMessageStatsRequestSchema, MessageState } from '@mainstay/proto/notify/v1'
import type { Draft } from '../accept/store.ts'
import { createWriter } from '../accept/writer.ts'
import { draft } from '../testing/drafts.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { readStats } from './stats.ts'

const { DELIVERED, FAILED, QUEUED, SCHEDULED } = MessageState

describe('counting messages', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const endMs = Date.now() + 60_000

  /** Live: 3 delivered, 1 failed, 2 queued. Test: 2 delivered, 1 queued, 1 scheduled. */
  before(async () => {
    const writer = createWriter({
      db: database.db,
      clock: systemClock,
      batchSize: 100,
      queueSize: 1000,
      idempotencyTtlMs: 86_400_000,
    })
    const store = async (live: boolean, changes: Partial<Draft> = {}) => {
      const one = draft({ live, ...changes })
      await writer.submit(one)
      return one.messageId
    }
    const end = async (state: MessageState, tookMs: number, ...ids: string[]) => {
      await database.db.query({
        text: `WITH gone AS (DELETE FROM notify.delivery_queue WHERE message_id = ANY ($1))
          UPDATE notify.messages SET state = $2, sent_time = send_time + make_interval(secs => $3) WHERE message_id = ANY ($1)`,
        values: [ids, state, tookMs / 1000],
      })
    }
    await end(DELIVERED, 200, await store(true), await store(true), await store(true))
    await end(FAILED, 200, await store(true))
    await store(true)
    await store(true, { class: 1 })
    await end(DELIVERED, 10, await store(false), await store(false))
    await store(false)
    await store(false, { sendMs: endMs + 3_600_000 })
  })

  const count = async (request: MessageInitShape<typeof GetMessageStatsRequestSchema> = {}) => {
    const asked = create(GetMessageStatsRequestSchema, { endTime: timestampFromMs(endMs), ...request })
    const stats = await readStats(database.db, TEST_PROJECT, asked, Date.now())
    return {
      states: Object.fromEntries((stats.stateCounts ?? []).map(({ state, count }) => [state, Number(count)])),
      accepted: (stats.points ?? []).reduce((sum, point) => sum + Number(point.acceptedCount), 0),
      depth: Number(stats.queueDepth),
      p50Ms: Number(stats.latencyP50?.nanos) / 1e6,
    }
  }

  it('counts both modes together when none is named', async () => {
    const { states, accepted, depth } = await count()
    assert.deepEqual(states, { [DELIVERED]: 5, [FAILED]: 1, [QUEUED]: 3, [SCHEDULED]: 1 })
    assert.deepEqual([accepted, depth], [10, 3])
  })

  it('counts one mode alone: its states, its points, its queue and its latency', async () => {
    const live = await count({ live: true })
    assert.deepEqual(live.states, { [DELIVERED]: 3, [FAILED]: 1, [QUEUED]: 2 })
    assert.deepEqual([live.accepted, live.depth, live.p50Ms], [6, 2, 200])
    const test = await count({ live: false })
    assert.deepEqual(test.states, { [DELIVERED]: 2, [QUEUED]: 1, [SCHEDULED]: 1 })
    assert.deepEqual([test.accepted, test.depth, test.p50Ms], [4, 1, 10])
  })

  it('refuses a span that is empty or longer than 31 days', async () => {
    for (const startMs of [endMs, endMs - 32 * 86_400_000]) {
      await assert.rejects(count({ startTime: timestampFromMs(startMs) }), {
        reason: 'notify.request_invalid',
      })
    }
  })
})
