import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import {
  type Bus,
  createBus,
  createDb,
  createLogger,
  createMetrics,
  newId,
  systemClock,
} from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { createCategoryLookup } from '../accept/categories.ts'
import { createRecipientLookup } from '../accept/recipients.ts'
import { createSend } from '../accept/send.ts'
import { createWriter } from '../accept/writer.ts'
import { type NotifySettings, notifySettings } from '../config.ts'
import { createTemplates } from '../templates/service.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { scriptAccount } from '../testing/worker.ts'
import { createEnqueuedAccept } from './accept.ts'
import { pickEnqueued } from './store.ts'
import { createTaker } from './taker.ts'

const hello = { to: { email: 'ada@example.com' }, email: { subject: 'Hello', text: 'It works.' } }

describe('mainstay.enqueue', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const takers: ReturnType<typeof createTaker>[] = []
  let bus: Bus
  let accept: ReturnType<typeof createEnqueuedAccept>
  let accounts = [scriptAccount()]

  before(async () => {
    const { db } = database
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    await db.query({
      text: `INSERT INTO access.projects (project_id, slug, display_name, create_time) VALUES ($1, 'shop', 'Shop', now())`,
      values: [newId()],
    })
    const settings = Object.fromEntries(
      Object.entries(notifySettings.settings).map(([key, spec]) => [
        key,
        'default' in spec ? spec.default : undefined,
      ]),
    ) as NotifySettings
    accept = createEnqueuedAccept(
      createSend({
        db,
        writer: createWriter({
          db,
          clock: systemClock,
          batchSize: 100,
          queueSize: 1000,
          idempotencyTtlMs: 1000,
        }),
        clock: systemClock,
        settings,
        directory: { candidates: async () => accounts },
        renderer: createTemplates({ db, bus, clock: systemClock }),
        findRecipient: createRecipientLookup(db),
        findCategory: createCategoryLookup(db),
      }),
    )
  })
  afterEach(async () => {
    await Promise.all(takers.splice(0).map((taker) => taker.stop()))
    await database.db.query({ text: 'TRUNCATE notify.enqueued, notify.messages, notify.dedupe_keys' })
    accounts = [scriptAccount()]
  })
  after(() => bus.stop())

  async function take(): Promise<void> {
    const { db } = database
    const logger = createLogger({ level: 'silent' })
    const taker = createTaker({ db, bus, clock: systemClock, logger, metrics: createMetrics(), accept })
    takers.push(taker)
    await taker.start()
  }

  async function read<T>(text: string): Promise<T[]> {
    return (await database.db.query<T & object>({ text })).rows
  }
  const messages = () => read<{ to_address: string; live: boolean }>('SELECT * FROM notify.messages')
  const waiting = async () => (await read('SELECT FROM notify.enqueued WHERE error_reason IS NULL')).length
  const failures = () =>
    read<{ id: string; reason: string; detail: string }>('SELECT * FROM mainstay.enqueue_failures')
  const enqueue = (request: unknown, project = 'shop') =>
    database.db.query({
      text: 'SELECT mainstay.enqueue($1, $2)',
      values: [project, JSON.stringify(request)],
    })

  it('sends what a transaction enqueued if and only if it commits', async () => {
    await take()
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await tx.query({ text: 'SELECT mainstay.enqueue($1, $2)', values: ['shop', JSON.stringify(hello)] })
        throw new Error('the order failed')
      }),
    )
    await database.db.transaction(async (tx) => {
      const request = { ...hello, to: { email: 'bob@example.com' } }
      await tx.query({ text: 'SELECT mainstay.enqueue($1, $2)', values: ['shop', JSON.stringify(request)] })
    })
    await waitFor(async () => (await messages()).length > 0 && (await waiting()) === 0)
    assert.deepEqual(
      (await messages()).map(({ to_address: to, live }) => ({ to, live })),
      [{ to: 'bob@example.com', live: true }],
    )
  })

  it('refuses in the caller’s transaction what can be seen there', async () => {
    const refused = (says: RegExp) => (error: Error) => says.test(String(error.cause))
    await assert.rejects(enqueue(hello, 'no-such-project'), refused(/there is no project "no-such-project"/))
    await assert.rejects(enqueue([hello]), refused(/must be an object with "to" and a content/))
    await assert.rejects(
      enqueue({ email: hello.email }),
      refused(/must be an object with "to" and a content/),
    )
    await assert.rejects(
      enqueue({ ...hello, data: { x: 'x'.repeat(3_000_000) } }),
      refused(/larger than 2 MiB/),
    )
    assert.equal(await waiting(), 0)
  })

  it('keeps what can never be sent, with its reason and the path of what is wrong', async () => {
    await take()
    await enqueue({ ...hello, colour: 'red' })
    await enqueue({ ...hello, to: { email: 'no address' } })
    await waitFor(async () => (await failures()).length === 2)
    const told = (await failures()).map(({ reason, detail }) => `${reason} ${detail}`).sort()
    assert.match(told[0] ?? '', /^rpc\.field_invalid .*\nto\.email: /)
    assert.match(told[1] ?? '', /^rpc\.field_unknown .*\ncolour: /)
    assert.equal((await messages()).length, 0)
  })

  it('waits for what may still come, and tries a failed one again when it is told to', async () => {
    accounts = []
    await enqueue(hello)
    await take()
    await waitFor(async () => (await read('SELECT FROM notify.enqueued WHERE tries > 0')).length === 1)
    accounts = [scriptAccount()]
    await waitFor(async () => (await messages()).length === 1)
    await enqueue({ ...hello, colour: 'red' })
    await waitFor(async () => (await failures()).length === 1)
    const [failure] = await failures()
    await database.db.query({
      text: `UPDATE notify.enqueued SET request = (request::jsonb - 'colour')::json`,
    })
    const { rows } = await database.db.query<{ again: boolean }>({
      text: 'SELECT mainstay.enqueue_again($1) AS again',
      values: [failure?.id],
    })
    assert.equal(rows[0]?.again, true)
    await waitFor(async () => (await messages()).length === 2)
  })

  it('sends once what is taken twice, because a process died between accepting and deleting', async () => {
    await enqueue(hello)
    for (let time = 0; time < 3; time++) {
      await assert.rejects(
        database.db.transaction(async (tx) => {
          const rows = await pickEnqueued(tx, Date.now() + 1000, 10)
          await Promise.all(rows.map(accept))
          throw new Error('killed')
        }),
        /killed/,
      )
    }
    await take()
    await waitFor(async () => (await waiting()) === 0)
    assert.equal((await messages()).length, 1)
  })

  it('is emptied by several processes at once, each row by one', async () => {
    await database.db.query({
      text: `SELECT mainstay.enqueue('shop', jsonb_build_object('to', jsonb_build_object('email', 'u' || n || '@example.com'),
        'email', '{"subject":"Hello","text":"x"}'::jsonb)) FROM generate_series(1, 600) AS n`,
    })
    await Promise.all([take(), take(), take()])
    await waitFor(async () => (await waiting()) === 0)
    const addresses = (await messages()).map(({ to_address: to }) => to)
    assert.equal(addresses.length, 600)
    assert.equal(new Set(addresses).size, 600)
  })

  it('needs no right on any table: a role that may call it can do nothing else', async () => {
    const role = `shop_${newId().replaceAll('-', '')}`
    const superuser = createDb({ connectionString: database.superuserConnectionString, poolSize: 1 })
    const asApplication = (text: string) =>
      superuser.transaction(async (tx) => {
        await tx.query({ text: `SET LOCAL SESSION AUTHORIZATION ${role}` })
        await tx.query({ text })
      })
    const denied = (error: Error) => /permission denied/.test(String(error.cause))
    try {
      await superuser.query({
        text: `CREATE ROLE ${role}; GRANT USAGE ON SCHEMA mainstay TO ${role};
          GRANT EXECUTE ON FUNCTION mainstay.enqueue TO ${role}`,
      })
      await asApplication(`SELECT mainstay.enqueue('shop', '${JSON.stringify(hello)}')`)
      for (const table of ['notify.enqueued', 'access.projects', 'mainstay.enqueue_failures']) {
        await assert.rejects(asApplication(`SELECT FROM ${table}`), denied, table)
      }
      await assert.rejects(asApplication('SELECT mainstay.enqueue_again(gen_random_uuid())'), denied)
    } finally {
      await superuser.query({ text: `DROP OWNED BY ${role}; DROP ROLE ${role}` })
      await superuser.close()
    }
    assert.equal(await waiting(), 1)
  })
})
