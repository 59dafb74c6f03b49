import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { accessMigrations } from '@mainstay/access'
import { AppError, createMetrics, type Db, kernelMigrations, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { notifyMigrations } from '../migrations.ts'
import { draft, idempotencyKey } from '../testing/drafts.ts'
import type { Draft } from './store.ts'
import { createWriter, type WriterOptions } from './writer.ts'

const DAY_MS = 86_400_000

describe('the writer', () => {
  const database = useTestDatabase({ sets: [kernelMigrations, accessMigrations, notifyMigrations] })

  const open = (changes: Partial<WriterOptions> = {}) =>
    createWriter({
      db: database.db,
      clock: systemClock,
      batchSize: 500,
      queueSize: 10_000,
      idempotencyTtlMs: DAY_MS,
      ...changes,
    })

  async function count(table: string, where: string, value: string): Promise<number> {
    const { rows } = await database.db.query<{ n: number }>({
      text: `SELECT count(*)::int4 AS n FROM ${table} WHERE ${where} = $1`,
      values: [value],
    })
    return rows[0]?.n ?? -1
  }

  it('counts what it stores, in how many commits, and whom it turns away', async () => {
    const metrics = createMetrics()
    const writer = open({ metrics, queueSize: 3 })
    const storing = [1, 2, 3].map(() => writer.submit(draft()))
    assert.match(metrics.render(), /^mainstay_notify_accept_waiting 3$/m)
    assert.throws(() => writer.submit(draft()), { reason: 'notify.overloaded' })
    await Promise.all(storing)
    assert.equal(metrics.read('mainstay_notify_accepted_total'), 3)
    assert.equal(metrics.read('mainstay_notify_accept_commit_seconds'), 1)
    assert.equal(metrics.read('mainstay_notify_accept_overloaded_total'), 1)
    assert.match(metrics.render(), /^mainstay_notify_accept_waiting 0$/m)
  })

  it('stores a notification, its message and its place in the queue in one commit', async () => {
    const one = draft({ recipientId: 'ann', dedupeKey: newId(), idempotency: idempotencyKey(newId()) })
    const answer = await open().submit(one)
    assert.deepEqual(answer, {
      notificationId: one.notificationId,
      messageId: one.messageId,
      deduplicated: false,
      replayed: false,
    })
    const { rows } = await database.db.query({
      text: `SELECT n.content, n.actor, m.state, m.to_address, m.recipient_id, m.update_time, m.send_time, m.expire_time,
               m.trace_id, q.lane, q.due_time, q.lease_owner
             FROM notify.notifications n JOIN notify.messages m USING (project_id, notification_id)
             JOIN notify.delivery_queue q USING (project_id, message_id) WHERE n.notification_id = $1`,
      values: [one.notificationId],
    })
    assert.deepEqual(rows, [
      {
        content: { email: { subject: 'Hello', text: 'Hello there', html: '' } },
        actor: 'key_test',
        state: 1,
        to_address: 'ann@example.com',
        recipient_id: 'ann',
        update_time: new Date(one.createMs),
        send_time: new Date(one.sendMs),
        expire_time: new Date(one.expireMs),
        trace_id: one.traceId,
        lane: 2,
        due_time: new Date(one.sendMs),
        lease_owner: null,
      },
    ])
    assert.equal(await count('notify.message_changes', 'message_ids[1]', one.messageId), 1)
    assert.equal(await count('kernel.outbox', `payload->'messageIds'->>0`, one.messageId), 1)
  })

  it('lets callers at the same time share commits', async () => {
    const sizes: number[] = []
    const writer = open({ onCommit: (stored) => sizes.push(stored.length) })
    await Promise.all(Array.from({ length: 400 }, () => writer.submit(draft())))
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      400,
    )
    assert.ok(sizes.length <= 8, `400 notifications took ${sizes.length} commits`)
  })

  it('never makes a lone caller wait for others', async () => {
    const sizes: number[] = []
    const writer = open({ onCommit: (stored) => sizes.push(stored.length) })
    await writer.submit(draft())
    await writer.submit(draft())
    assert.deepEqual(sizes, [1, 1])
  })

  it('keeps text as it is: quotes, backslashes, braces, emoji, right to left', async () => {
    const subject = `"{\\N,NULL}" 'x' \t 🎉 שלום ${'é'.repeat(100)}`
    const one = draft({ subject, content: JSON.stringify({ email: { subject, text: subject, html: '' } }) })
    await open().submit(one)
    const { rows } = await database.db.query<{ subject: string; text: string }>({
      text: `SELECT m.subject, n.content->'email'->>'text' AS text FROM notify.messages m
             JOIN notify.notifications n USING (project_id, notification_id) WHERE m.message_id = $1`,
      values: [one.messageId],
    })
    assert.deepEqual(rows, [{ subject, text: subject }])
  })

  it('sends one of fifty parallel calls with one dedupe key, across processes', async () => {
    const dedupeKey = newId()
    const writers = Array.from({ length: 5 }, () => open({ db: database.openDb({ poolSize: 2 }) }))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => writers[n % 5]?.submit(draft({ dedupeKey }))),
    )
    assert.equal(new Set(answers.map((answer) => answer?.notificationId)).size, 1)
    assert.equal(new Set(answers.map((answer) => answer?.messageId)).size, 1)
    assert.equal(answers.filter((answer) => answer?.deduplicated === false).length, 1)
    assert.equal(await count('notify.notifications', 'dedupe_key', dedupeKey), 1)
  })

  it('never mixes test and live dedupe keys, nor those of two projects', async () => {
    const dedupeKey = newId()
    const writer = open()
    const answers = await Promise.all([
      writer.submit(draft({ dedupeKey })),
      writer.submit(draft({ dedupeKey, live: false })),
      writer.submit(draft({ dedupeKey, projectId: newId() })),
    ])
    assert.ok(answers.every((answer) => !answer.deduplicated))
  })

  it('answers fifty parallel calls with one idempotency key alike, and stores one', async () => {
    const idempotency = idempotencyKey(newId())
    const actor = newId()
    const writers = Array.from({ length: 5 }, () => open({ db: database.openDb({ poolSize: 2 }) }))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => writers[n % 5]?.submit(draft({ idempotency, actor }))),
    )
    assert.equal(new Set(answers.map((answer) => answer?.notificationId)).size, 1)
    assert.equal(answers.filter((answer) => answer?.replayed === false).length, 1)
    assert.ok(answers.every((answer) => answer?.deduplicated === false))
    assert.equal(await count('notify.notifications', 'actor', actor), 1)
  })

  it('refuses an idempotency key that comes again with another request', async () => {
    const key = newId()
    const writer = open()
    await writer.submit(draft({ idempotency: idempotencyKey(key) }))
    await assert.rejects(writer.submit(draft({ idempotency: idempotencyKey(key) })), {
      code: 'already_exists',
      reason: 'access.idempotency_key_reused',
    })
  })

  it('replays an answer that was itself deduplicated, also after the first notification has left the ledger', async () => {
    const dedupeKey = newId()
    const idempotency = idempotencyKey(newId())
    const writer = open()
    const first = await writer.submit(draft({ dedupeKey }))
    const second = await writer.submit(draft({ dedupeKey, idempotency }))
    assert.deepEqual(second, { ...first, deduplicated: true, replayed: false })
    assert.deepEqual(await writer.submit(draft({ dedupeKey, idempotency })), { ...second, replayed: true })
    await database.db.query({
      text: 'DELETE FROM notify.dedupe_keys WHERE dedupe_key = $1',
      values: [dedupeKey],
    })
    assert.deepEqual(await writer.submit(draft({ dedupeKey, idempotency })), { ...second, replayed: true })
  })

  it('replays a deduplicated answer of a process that died before it corrected its key', async () => {
    const dedupeKey = newId()
    const idempotency = idempotencyKey(newId())
    const first = await open().submit(draft({ dedupeKey }))
    const dies: Pick<Db, 'query'> = {
      query: async (query) => {
        if (query.name !== 'notify.accept') throw new Error('killed')
        return await database.db.query(query)
      },
    }
    await assert.rejects(open({ db: dies }).submit(draft({ dedupeKey, idempotency })))
    assert.deepEqual(await open().submit(draft({ dedupeKey, idempotency })), {
      ...first,
      deduplicated: true,
      replayed: true,
    })
  })

  it('takes over an idempotency key whose time is up', async () => {
    const key = newId()
    const past = { ...systemClock, nowMs: () => Date.now() - 2 * DAY_MS }
    const old = await open({ clock: past }).submit(draft({ idempotency: idempotencyKey(key) }))
    const fresh = await open().submit(draft({ idempotency: idempotencyKey(key) }))
    assert.notEqual(fresh.notificationId, old.notificationId)
    assert.equal(fresh.replayed, false)
  })

  it('fails the one draft that the database refuses, and none of its neighbours', async () => {
    const writer = open()
    const drafts = Array.from({ length: 20 }, (_, n) => draft(n === 13 ? { subject: 'a\0b' } : {}))
    const results = await Promise.allSettled(drafts.map((one) => writer.submit(one)))
    const failed = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []))
    assert.deepEqual(failed, [13])
    for (const one of drafts.filter((_, n) => n !== 13)) {
      assert.equal(await count('notify.messages', 'message_id', one.messageId), 1)
    }
  })

  it('refuses more than may wait, and goes on when there is room again', async () => {
    const gate = Promise.withResolvers<void>()
    const held: Pick<Db, 'query'> = {
      query: async (query) => {
        await gate.promise
        return await database.db.query(query)
      },
    }
    const writer = open({ db: held, queueSize: 3 })
    const accepted = [1, 2, 3].map(() => writer.submit(draft()))
    assert.throws(
      () => void writer.submit(draft()),
      (error: unknown) =>
        error instanceof AppError && error.reason === 'notify.overloaded' && error.retryAfterMs === 1000,
    )
    gate.resolve()
    await Promise.all(accepted)
    await writer.drain()
    assert.equal(writer.depth(), 0)
    await writer.submit(draft())
  })

  it('says that a lost answer may have been stored, and lets the key tell', async () => {
    const admin = database.openDb()
    const broken = database.openDb({ poolSize: 1, applicationName: 'to-be-killed' })
    await broken.query({ text: 'SELECT 1' })
    const lock = await admin.pool.connect()
    const one = draft({ idempotency: idempotencyKey(newId()) })
    try {
      await lock.query('BEGIN; LOCK TABLE notify.delivery_queue IN EXCLUSIVE MODE')
      const answer = assert.rejects(open({ db: broken }).submit(one), { reason: 'kernel.commit_unknown' })
      await waitFor(async () => {
        const { rows } = await admin.query({
          text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'to-be-killed' AND wait_event_type = 'Lock'`,
        })
        return rows.length > 0
      })
      await answer
    } finally {
      await lock.query('ROLLBACK')
      lock.release()
    }
    const again = await open().submit(draft({ idempotency: one.idempotency }))
    assert.equal(again.replayed, false)
  })

  it('gets through when two processes store the same keys in opposite orders', async () => {
    const keys = Array.from({ length: 40 }, () => newId())
    const writers = [open({ db: database.openDb() }), open({ db: database.openDb() })]
    const batch = (order: string[]): Draft[] => order.map((dedupeKey) => draft({ dedupeKey }))
    for (let round = 0; round < 5; round++) {
      const orders = [keys.map((key) => `${round}${key}`), keys.map((key) => `${round}${key}`).reverse()]
      const answers = await Promise.all(
        orders.flatMap((order, n) => batch(order).map((one) => writers[n]?.submit(one))),
      )
      assert.equal(answers.filter((answer) => answer?.deduplicated === false).length, 40)
    }
  })
})
