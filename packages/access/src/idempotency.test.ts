import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { appError, defineReasons, type Tx } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { nobody } from '@mainstay/rpc'
import { contextOf, type Process, refusedWith, useAccess } from './testing/harness.ts'

const harness = useAccess()
const METHOD = 'mainstay.test.v1.Test/Do'
const TEST_REASONS = defineReasons({ 'test.failed': 'failed_precondition' })
let keys = 0

interface Ask {
  key?: string
  body?: string
  method?: string
  projectId?: string
  live?: boolean
  callerId?: string
  signal?: AbortSignal
  process?: Process
  execute?: (tx: Tx) => Promise<Uint8Array>
}

const newKey = () => `key-${++keys}`
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (answer: { bytes: Uint8Array }) => new TextDecoder().decode(answer.bytes)
const hashOf = (body: string) => createHash('sha256').update(body).digest()

function run(ask: Ask) {
  const { key = newKey(), body = 'body', method = METHOD, live = false, callerId = 'key_1' } = ask
  const { projectId = harness.bootstrap.project.project_id, process = harness, signal } = ask
  const requestHash = hashOf(body)
  const ctx = contextOf(
    method,
    {},
    {
      caller: { ...nobody, kind: 'api_key', id: callerId, testMode: !live },
      projectId,
      idempotency: { key, requestHash },
      ...(signal && { signal }),
    },
  )
  const execute = ask.execute ?? (async () => bytes('done'))
  return process.access.ports.idempotency.run(ctx, method, requestHash, execute)
}

/** An effect that can be counted: a project with this slug. */
const effect =
  (slug: string, answer = 'done') =>
  async (tx: Tx) => {
    await tx.query({
      text: `INSERT INTO access.projects (project_id, slug, display_name, create_time)
           VALUES (gen_random_uuid(), $1 || '-' || gen_random_uuid(), 'x', now())`,
      values: [slug],
    })
    return bytes(answer)
  }

async function effects(slug: string): Promise<number> {
  const { rows } = await harness.db.query({
    text: `SELECT FROM access.projects WHERE slug LIKE $1 || '-%'`,
    values: [slug],
  })
  return rows.length
}

describe('a call with an idempotency key', () => {
  test('repeated with the same request, has one effect and the first answer', async () => {
    const key = newKey()
    assert.deepEqual(await run({ key, execute: effect('once', 'first') }), {
      bytes: bytes('first'),
      replayed: false,
    })
    const again = await run({ key, execute: effect('once', 'second') })
    assert.equal(text(again), 'first')
    assert.equal(again.replayed, true)
    assert.equal(await effects('once'), 1)
  })

  test('repeated with another request or for another method, is refused', async () => {
    const key = newKey()
    await run({ key })
    await assert.rejects(run({ key, body: 'other' }), refusedWith('access.idempotency_key_reused'))
    await assert.rejects(run({ key, method: `${METHOD}Else` }), refusedWith('access.idempotency_key_reused'))
  })

  test('an empty answer is an answer', async () => {
    const key = newKey()
    await run({ key, execute: async () => new Uint8Array() })
    const again = await run({ key })
    assert.equal(again.bytes.length, 0)
    assert.equal(again.replayed, true)
  })

  test('is another call in another project, and in the other mode', async () => {
    const key = newKey()
    for (const ask of [
      {},
      { live: true },
      { projectId: '018f0000-0000-7000-8000-000000000000' },
      { projectId: '' },
    ]) {
      assert.equal((await run({ key, ...ask })).replayed, false)
    }
  })

  test('is the same call when its API key was rotated in between', async () => {
    const key = newKey()
    await run({ key, callerId: 'key_1' })
    assert.equal((await run({ key, callerId: 'key_2' })).replayed, true)
  })

  test('that failed leaves no trace, and may be tried again', async () => {
    const key = newKey()
    const failing = async (tx: Tx) => {
      await effect('failing')(tx)
      throw appError(TEST_REASONS, 'test.failed', 'It did not work.')
    }
    await assert.rejects(run({ key, execute: failing }), refusedWith('test.failed'))
    assert.equal(await effects('failing'), 0)
    assert.equal((await run({ key, body: 'changed' })).replayed, false)
  })

  test('is forgotten after 24 hours, and not before', async () => {
    const key = newKey()
    await run({ key })
    harness.clock.advance(86_400_000 - 1)
    await assert.rejects(run({ key, body: 'new' }), refusedWith('access.idempotency_key_reused'))
    harness.clock.advance(1)
    assert.equal((await run({ key, body: 'new' })).replayed, false)
    assert.equal((await run({ key, body: 'new' })).replayed, true)
  })

  test('its stored answer cannot be read from the database, nor moved to another key', async () => {
    const [key, other] = [newKey(), newKey()]
    await run({ key, execute: async () => bytes('the secret of a new API key') })
    await run({ key: other })
    const { rows } = await harness.db.query<{ response: Buffer }>({
      text: `SELECT response FROM access.idempotency_keys WHERE idempotency_key = $1`,
      values: [key],
    })
    assert.ok(rows[0] && !rows[0].response.includes('secret'))
    await harness.db.query({
      text: `UPDATE access.idempotency_keys SET response = $2 WHERE idempotency_key = $1`,
      values: [other, rows[0].response],
    })
    await assert.rejects(run({ key: other }), { name: 'SealError' })
  })
})

describe('calls with one idempotency key at once', () => {
  test('race: fifty in one process have one effect, and all get the first answer', async () => {
    const key = newKey()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => run({ key, execute: effect('race', `answer ${index}`) })),
    )
    assert.equal(await effects('race'), 1)
    assert.equal(answers.filter((answer) => !answer.replayed).length, 1)
    assert.equal(new Set(answers.map(text)).size, 1)
  })

  test('race: fifty over five processes have one effect, and all get the first answer', async () => {
    const key = newKey()
    const processes = await Promise.all(
      Array.from({ length: 5 }, () => harness.open({ deaf: true, db: harness.openDb() })),
    )
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const process = processes[index % 5] ?? assert.fail()
        return run({ key, process, execute: effect('far', `answer ${index}`) })
      }),
    )
    assert.equal(await effects('far'), 1)
    assert.equal(answers.filter((answer) => !answer.replayed).length, 1)
    assert.equal(new Set(answers.map(text)).size, 1)
  })

  test('race: when the first fails, the next one takes its place', async () => {
    const key = newKey()
    let failures = 0
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        run({
          key,
          execute: async (tx) => {
            if (failures++ < 3) throw appError(TEST_REASONS, 'test.failed', 'It did not work.')
            return await effect('next')(tx)
          },
        }),
      ),
    )
    assert.equal(results.filter((result) => result.status === 'rejected').length, 3)
    assert.equal(await effects('next'), 1)
  })

  test('race: with different requests, one wins and the others are refused', async () => {
    const key = newKey()
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => run({ key, body: `body ${index}`, execute: effect('mixed') })),
    )
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    assert.equal(await effects('mixed'), 1)
    for (const result of results) {
      if (result.status === 'rejected') refusedWith('access.idempotency_key_reused')(result.reason)
    }
  })

  test('those that wait take no connection from the one that runs', async () => {
    const key = newKey()
    const db = harness.openDb({ poolSize: 2 })
    const process = await harness.open({ deaf: true, db })
    const answers = await Promise.all(
      Array.from({ length: 30 }, () =>
        run({
          key,
          process,
          // Needs a second connection while thirty repetitions of the call are waiting.
          execute: async () => bytes(String((await db.query({ text: 'SELECT 1' })).rowCount)),
        }),
      ),
    )
    assert.equal(answers.filter((answer) => !answer.replayed).length, 1)
  })

  test('one that is cancelled while it waits gives up, and lets nobody pass', async () => {
    const key = newKey()
    const gate = Promise.withResolvers<void>()
    const controller = new AbortController()
    let running = 0
    let most = 0
    const execute = async () => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
      return bytes('first')
    }
    const first = run({ key, execute })
    await waitFor(() => running === 1, { what: 'the first call to run' })
    const second = run({ key, signal: controller.signal, execute })
    const third = run({ key, execute })
    controller.abort()
    await assert.rejects(second, { name: 'AbortError' })
    gate.resolve()
    assert.equal((await first).replayed, false)
    assert.equal((await third).replayed, true)
    assert.equal(most, 1)
  })
})

describe('the sweep', () => {
  test('deletes what has expired, in batches, and nothing else', async () => {
    await harness.db.query({ text: `DELETE FROM access.idempotency_keys` })
    const kept = newKey()
    await harness.db.query({
      text: `INSERT INTO access.idempotency_keys (project_id, live, idempotency_key, method, request_hash, expire_time)
             SELECT gen_random_uuid(), true, 'k' || n, 'm', '', $1 FROM generate_series(1, 12000) AS n`,
      values: [new Date(harness.clock.nowMs() - 1)],
    })
    await run({ key: kept })
    const report = await harness.access.sweep()
    assert.equal(report.idempotencyKeys, 12_000)
    assert.equal((await run({ key: kept })).replayed, true)
  })

  test('deletes sessions and links that have ended', async () => {
    const headers = await harness.signIn()
    await harness.access.sweep()
    assert.equal((await harness.authenticate(headers)).kind, 'operator')
    harness.clock.advance(7 * 86_400_000)
    const report = await harness.access.sweep()
    assert.ok(report.sessions >= 1 && report.signInLinks >= 1)
  })
})
