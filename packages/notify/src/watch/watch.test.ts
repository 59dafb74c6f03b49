import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState, WatchMessagesRequestSchema } from '@mainstay/proto/notify/v1'
import { createWriter } from '../accept/writer.ts'
import { testCall } from '../testing/call.ts'
import { draft } from '../testing/drafts.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { createTestWorker } from '../testing/worker.ts'
import { currentPosition } from './feed-store.ts'
import { toResumeToken } from './position.ts'
import { createWatch, type WatchDeps } from './watch.ts'

const { QUEUED, SENT } = MessageState

describe('watching messages', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let hangUps: (() => void)[] = []

  afterEach(() => {
    for (const hangUp of hangUps) hangUp()
    hangUps = []
  })

  const open = (changes: Partial<WatchDeps> = {}) =>
    createWatch({ db: database.db, clock: systemClock, pollIntervalMs: 10, heartbeatMs: 60_000, ...changes })

  /** Reads a stream into a list until it ends. */
  function follow(request: MessageInitShape<typeof WatchMessagesRequestSchema> = {}, watch = open()) {
    const call = testCall()
    hangUps.push(call.hangUp)
    const seen: { id: string; state: MessageState; token: string }[] = []
    const tokens: string[] = []
    const iterator = watch.stream(create(WatchMessagesRequestSchema, request), call)[Symbol.asyncIterator]()
    let failure: unknown
    const ended = (async () => {
      for (;;) {
        const { value, done } = await iterator.next()
        if (done) return
        const token = value.resumeToken ?? ''
        tokens.push(token)
        if (value.message !== undefined) {
          seen.push({ id: value.message.messageId ?? '', state: value.message.state ?? 0, token })
        }
      }
    })().catch((error: unknown) => {
      failure = error
    })
    const opened = waitFor(() => tokens.length > 0 || failure !== undefined, { what: 'the stream to open' })
    return { seen, tokens, ended, opened, hangUp: call.hangUp, failure: () => failure }
  }

  const accept = async (changes: Parameters<typeof draft>[0] = {}): Promise<string> => {
    const one = draft(changes)
    await writer().submit(one)
    return toTypeId('msg', one.messageId)
  }
  const writer = (db = database.db) =>
    createWriter({ db, clock: systemClock, batchSize: 500, queueSize: 10_000, idempotencyTtlMs: 86_400_000 })

  it('follows one mode alone when asked for it', async () => {
    const live = follow({ filter: { live: true } })
    const test = follow({ filter: { live: false } })
    await Promise.all([live.opened, test.opened])
    const [liveId, testId] = [await accept({ live: true }), await accept({ live: false })]
    await waitFor(() => live.seen.length > 0 && test.seen.length > 0, { what: 'both messages' })
    assert.deepEqual([...new Set(live.seen.map((one) => one.id))], [liveId])
    assert.deepEqual([...new Set(test.seen.map((one) => one.id))], [testId])
  })

  it('tells of a message from being stored to being sent', async () => {
    const stream = follow()
    await stream.opened
    const id = await accept()
    await waitFor(() => stream.seen.some((change) => change.id === id && change.state === QUEUED))
    const worker = createTestWorker(database.db)
    await worker.start()
    await waitFor(() => stream.seen.some((change) => change.id === id && change.state === SENT))
    await worker.stop()
  })

  it('looks at once when this process changed something', async () => {
    const watch = open({ pollIntervalMs: 60_000 })
    const stream = follow({}, watch)
    await stream.opened
    const id = await accept()
    watch.hint()
    await waitFor(() => stream.seen.some((change) => change.id === id))
  })

  it('says nothing of other projects, nor of messages that the filter leaves out', async () => {
    const stream = follow({ filter: { to: 'Ben@Example.com' } })
    await stream.opened
    await accept()
    await accept({ projectId: newId(), to: 'ben@example.com' })
    const id = await accept({ to: 'bEN@example.com' })
    await waitFor(() => stream.seen.length > 0)
    assert.deepEqual(
      stream.seen.map((change) => change.id),
      [id],
    )
  })

  it('loses nothing over breaks: each reader goes on from the last token of the one before', async () => {
    const expected = new Set<string>()
    const received = new Set<string>()
    let resumeToken = toResumeToken(await currentPosition(database.db))
    let storing = true
    const stored = (async () => {
      const writers = [writer(), writer(database.openDb())]
      for (let round = 0; round < 40; round++) {
        const drafts = Array.from({ length: 25 }, () => draft())
        await Promise.all(drafts.map((one, n) => writers[n % 2]?.submit(one)))
        for (const one of drafts) expected.add(toTypeId('msg', one.messageId))
      }
      storing = false
    })()
    while (storing || received.size < expected.size) {
      const stream = follow({ resumeToken })
      await stream.opened
      const breakAfter = Math.floor(Math.random() * 60)
      // The last break comes with the last change: one before it, over and over, would never get there.
      const hasAll = () => {
        const seen = new Set(stream.seen.map((change) => change.id))
        return !storing && [...expected].every((id) => received.has(id) || seen.has(id))
      }
      await waitFor(() => stream.seen.length > breakAfter || hasAll(), { what: 'the next changes' })
      stream.hangUp()
      await stream.ended
      for (const change of stream.seen) received.add(change.id)
      resumeToken = stream.tokens.at(-1) ?? resumeToken
    }
    await stored
    assert.deepEqual(
      [...expected].filter((id) => !received.has(id)),
      [],
    )
  })

  it('finds a change whose transaction began before the stream and commits after later ones', async () => {
    const late = draft()
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>()
    const slow = database.db.transaction(async (tx) => {
      await writer({ ...database.db, query: tx.query }).submit(late)
      hasWritten()
      await held
    })
    await written
    const stream = follow()
    let later: string
    try {
      await stream.opened
      later = await accept()
      await waitFor(() => stream.seen.some((change) => change.id === later))
    } finally {
      release()
      await slow
    }
    const { token } = stream.seen.find((change) => change.id === later) ?? assert.fail()
    const id = toTypeId('msg', late.messageId)
    await waitFor(() => stream.seen.some((change) => change.id === id))
    const resumed = follow({ resumeToken: token })
    await waitFor(() => resumed.seen.some((change) => change.id === id))
    assert.equal(
      resumed.seen.some((change) => change.id === later),
      false,
    )
  })

  it('catches up page by page with what happened while nobody read', async () => {
    const resumeToken = toResumeToken(await currentPosition(database.db))
    const ids: string[] = []
    for (let n = 0; n < 230; n++) ids.push(await accept())
    const stream = follow({ resumeToken })
    await waitFor(() => stream.seen.length >= ids.length)
    assert.deepEqual(
      stream.seen.map((change) => change.id),
      ids,
    )
  })

  it('is alive without changes, and hands out fresh tokens', async () => {
    const stream = follow({}, open({ heartbeatMs: 20 }))
    await waitFor(() => stream.tokens.length >= 3)
    assert.equal(stream.seen.length, 0)
  })

  it('ends when the caller goes away and when the program stops', async () => {
    const watch = open({ pollIntervalMs: 60_000 })
    const [first, second] = [follow({}, watch), follow({}, watch)]
    await Promise.all([first.opened, second.opened])
    first.hangUp()
    await first.ended
    watch.stop()
    await second.ended
    assert.equal(second.failure(), undefined)
  })

  it('refuses tokens that are too old, of another database, or not tokens at all', async () => {
    const now = await currentPosition(database.db)
    const bad = [
      toResumeToken({ ...now, timeMs: now.timeMs - 56 * 60_000 }),
      toResumeToken({ ...now, snapshot: { xmax: now.snapshot.xmax + 1_000_000n, running: [] } }),
      'bm90IGEgdG9rZW4',
    ]
    for (const resumeToken of bad) {
      const stream = follow({ resumeToken })
      await stream.ended
      assert.equal((stream.failure() as { reason: string }).reason, 'notify.resume_token_invalid')
      assert.equal(stream.seen.length, 0)
    }
  })

  it('walks its index: a feed of other projects is not read', async () => {
    await database.db.query({
      text: `INSERT INTO notify.message_changes (project_id, message_ids)
             SELECT gen_random_uuid(), ARRAY[gen_random_uuid()] FROM generate_series(1, 20000)`,
    })
    await database.db.query({ text: 'ANALYZE notify.message_changes' })
    const { rows } = await database.db.query<{ 'QUERY PLAN': string }>({
      text: `EXPLAIN SELECT change_xid FROM notify.message_changes
             WHERE project_id = '${TEST_PROJECT}' AND change_xid >= pg_snapshot_xmin(pg_current_snapshot())
             ORDER BY change_xid FETCH FIRST 100 ROWS WITH TIES`,
    })
    assert.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /Index.*message_changes_pkey/)
  })
})
