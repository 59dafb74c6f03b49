import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { createPageTokens, idTimeMs, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { MarkMessageSeenRequestSchema, TimelineKind } from '@mainstay/proto/notify/v1'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations, queueMessages } from '../testing/ledger.ts'
import { createMarkMessageSeen } from './mark-seen.ts'
import { markSeen } from './seen-store.ts'
import { createMessages, type Messages } from './service.ts'

describe('marking a message as seen', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let messages: Messages
  let mark: ReturnType<typeof createMarkMessageSeen>
  let changes = 0

  beforeEach(() => {
    changes = 0
    const deps = { db: database.db, clock: systemClock }
    messages = createMessages({
      ...deps,
      pageTokens: createPageTokens(new Uint8Array(32)),
      wake: () => {},
    })
    mark = createMarkMessageSeen({ ...deps, messages, onChanged: () => changes++ })
  })

  const queueOne = async (projectId?: string): Promise<string> =>
    (await queueMessages(database.db, [projectId === undefined ? {} : { projectId }]))[0] ?? ''

  const seen = (id: string, more: { atMs?: number; clicked?: boolean } = {}) =>
    mark(
      testCall({ actor: 'key_app' }),
      create(MarkMessageSeenRequestSchema, {
        messageId: toTypeId('msg', id),
        clicked: more.clicked ?? false,
        ...(more.atMs === undefined ? {} : { seenTime: timestampFromMs(more.atMs) }),
      }),
    )

  async function told(id: string): Promise<number> {
    const { rows } = await database.db.query<{ count: number }>({
      text: `SELECT count(*)::int4 AS count FROM kernel.outbox
        WHERE topic = 'notify.messages_seen' AND payload -> 'messageIds' ->> 0 = $1`,
      values: [id],
    })
    return rows[0]?.count ?? 0
  }

  it('keeps the first time, tells of it once, and changes nothing when it is told again', async () => {
    const id = await queueOne()
    const first = await seen(id)
    assert.ok(first.seen_time !== null)
    assert.equal(first.click_time, null)
    const again = await seen(id, { atMs: idTimeMs(id) })
    assert.deepEqual(again, first)
    assert.deepEqual([changes, await told(id)], [1, 1])
    const { entries } = await messages.timeline(testCall(), toTypeId('msg', id))
    const entry = entries.find(({ kind }) => kind === TimelineKind.SEEN)
    assert.deepEqual([entry?.title, entry?.actor], ['Seen', 'key_app'])
  })

  it('takes a first tap after it was seen, and a tap that was the first sight of it', async () => {
    const id = await queueOne()
    const { seen_time: seenTime } = await seen(id)
    const tapped = await seen(id, { clicked: true })
    assert.deepEqual(tapped.seen_time, seenTime)
    assert.ok(tapped.click_time !== null)
    assert.equal(await told(id), 2)
    const other = await seen(await queueOne(), { clicked: true })
    assert.deepEqual(other.seen_time, other.click_time)
  })

  it('has one effect when fifty say so at the same moment', async () => {
    const id = await queueOne()
    const results = await Promise.all(Array.from({ length: 50 }, () => seen(id, { clicked: true })))
    assert.equal(new Set(results.map((row) => row.seen_time?.getTime())).size, 1)
    assert.deepEqual([changes, await told(id)], [1, 1])
  })

  it('does not deadlock when batches name the same messages in different orders', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => queueOne()))
    const { projectId } = testCall()
    const marks = ids.map((messageId) => ({
      ...{ projectId, messageId, timeMs: Date.now(), clicked: false, noteId: newId() },
      ...{ actor: 'provider', detail: '' },
    }))
    const batches = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? marks : marks.toReversed()))
    const changed = await Promise.all(batches.map((batch) => markSeen(database.db, batch)))
    assert.deepEqual(changed.flat().toSorted(), ids.toSorted())
  })

  it('refuses times that cannot be, with their field', async () => {
    const id = await queueOne()
    for (const atMs of [idTimeMs(id) - 3_600_000, Date.now() + 3_600_000]) {
      await assert.rejects(seen(id, { atMs }), {
        reason: 'notify.request_invalid',
        violations: [
          {
            field: 'seenTime',
            description:
              atMs > Date.now() ? 'must not be in the future' : 'must not be before the message was stored',
          },
        ],
      })
    }
  })

  it('does not find messages of another project', async () => {
    for (const id of [await queueOne(newId()), newId()]) {
      await assert.rejects(seen(id), { code: 'not_found', reason: 'notify.message_not_found' })
    }
  })
})
