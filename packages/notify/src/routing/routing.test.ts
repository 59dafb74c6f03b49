import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { type Db, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import { SMTP_SEMANTICS } from '../providers/smtp.ts'
import {
  countQueued,
  ledgerMigrations,
  queueMessages,
  readMessage,
  readOutcomes,
  TEST_PROJECT,
} from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { type Answer, scriptAccount } from '../testing/worker.ts'
import { listBreakers } from './breaker-store.ts'
import { listCaps, upsertCap } from './cap-store.ts'
import { createPriceBook } from './price-book.ts'
import { createSharedBreakers } from './shared-breakers.ts'
import { EMPTY_TABLE, type RoutingTable } from './table.ts'

const EMAIL = 1
const { ACCEPTED, REJECTED_PERMANENT, REJECTED_TRANSIENT } = AttemptOutcome
const refuse = (more: Partial<ProviderResult> = {}): Answer => {
  const result = { outcome: 'rejected_permanent', reply: '550 not here', ...more } as ProviderResult
  return () => result
}

describe('routing by a worker', () => {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 20 } })
  const work = useWorkers(database)
  afterEach(() => database.db.query({ text: 'TRUNCATE notify.spend_caps, notify.provider_breakers' }))
  const queueIsEmpty = () =>
    waitFor(async () => (await countQueued(database.db)) === 0, { what: 'an empty queue' })

  const account = (number: number, answer?: Answer, change = {}) =>
    scriptAccount(answer, { number, priority: 0, providerAccountId: newId(), ...change })

  /** What is decided, the same for every project; breakers are read anew each time, as after every change. */
  function decided(change: Partial<RoutingTable> = {}) {
    const tables = {
      get: async () => ({
        ...EMPTY_TABLE,
        breakers: await listBreakers(database.db, TEST_PROJECT),
        ...change,
      }),
    }
    const announced = { invalidate: async () => {} }
    return {
      tables,
      breakers: createSharedBreakers({ db: database.db, clock: systemClock, tables: announced }),
    }
  }

  async function readRouting(messageId: string): Promise<unknown[]> {
    const { rows } = await database.db.query<{ routing: unknown }>({
      text: 'SELECT routing FROM notify.delivery_attempts WHERE message_id = $1 ORDER BY attempt',
      values: [messageId],
    })
    return rows.map(({ routing }) => routing)
  }

  it('moves a message to another account after a definite refusal, and says so', async () => {
    const [first, second] = [account(1, refuse()), account(2)]
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [first, second] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.SENT)
    assert.deepEqual(await readOutcomes(database.db, id), [REJECTED_PERMANENT, ACCEPTED])
    assert.deepEqual(await readRouting(id), [
      null,
      { rejected: [{ account: first.providerAccountId, reason: 'it refused the message for good' }] },
    ])
  })

  it('never goes back to an account that refused a message for good, and fails when all have', async () => {
    let asked = 0
    const second = account(2, () => {
      asked++
      return asked === 1
        ? { outcome: 'rejected_transient', reply: '451' }
        : { outcome: 'rejected_permanent', reply: '550' }
    })
    const first = account(1, refuse())
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [first, second] })
    await queueIsEmpty()
    assert.equal(first.sent.length, 1)
    assert.equal((await readMessage(database.db, id)).state, MessageState.FAILED)
    assert.deepEqual(await readOutcomes(database.db, id), [
      REJECTED_PERMANENT,
      REJECTED_TRANSIENT,
      REJECTED_PERMANENT,
    ])
  })

  it('does not try an address that is wrong at every account', async () => {
    const [first, second] = [
      account(1, refuse({ addressFault: true } as Partial<ProviderResult>)),
      account(2),
    ]
    const [id = ''] = await queueMessages(database.db, [{ to: 'gone@example.com' }])
    await work({ accounts: [first, second] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.FAILED)
    assert.equal(second.sent.length, 0)
  })

  it('asks no other provider while an answer is lost', async () => {
    const [first, second] = [account(1, () => ({ outcome: 'unknown', reply: 'lost' })), account(2)]
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_MOST_ONCE }])
    await work({ accounts: [first, second] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.UNKNOWN)
    assert.equal(second.sent.length, 0)
  })

  it('takes the cheapest account and tells what the others would have cost', async () => {
    const [dear, cheap] = [account(1), account(2)]
    const prices = createPriceBook([
      { account: dear.providerAccountId, country: '', prefix: '', micros: 9_000 },
      { account: cheap.providerAccountId, country: '', prefix: '', micros: 1_000 },
    ])
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [dear, cheap], routing: decided({ prices }) })
    await queueIsEmpty()
    assert.equal(cheap.sent.length, 1)
    const [routing] = (await readRouting(id)) as { why: string; rejected: unknown[] }[]
    assert.match(routing?.why ?? '', /^It costs least: 0.001 a message/)
    assert.equal(routing?.rejected.length, 1)
  })

  it('fails over when an account breaks, tells every worker, and comes back when it works again', async () => {
    let broken = true
    const down: ProviderResult = { outcome: 'rejected_transient', reply: 'down', accountFault: true }
    const first = account(1, () => (broken ? down : { outcome: 'accepted', reply: 'ok' }))
    const second = account(2)
    const accounts = [first, second]
    for (let i = 0; i < 3; i++) await work({ accounts, routing: decided() })
    await queueMessages(
      database.db,
      Array.from({ length: 30 }, () => ({})),
    )
    await queueIsEmpty()
    const sentWhileDown = second.sent.length
    assert.equal(sentWhileDown, 30)
    const open = await waitFor(async () => (await listBreakers(database.db, TEST_PROJECT))[0])
    assert.equal(open.state, 2)
    broken = false
    await database.db.query({
      text: `UPDATE notify.provider_breakers SET until_time = now(), epoch = epoch + 1`,
    })
    const isClosed = async (): Promise<boolean> =>
      (await listBreakers(database.db, TEST_PROJECT))[0]?.state === 1
    await waitFor(
      async () => {
        await queueMessages(database.db, [{}])
        return isClosed()
      },
      { everyMs: 50 },
    )
    await queueIsEmpty()
    assert.ok(first.sent.length > 0)
  })

  it('keeps to caps under several workers; what does not fit waits and says why, codes as well', async () => {
    const only = account(1)
    const prices = createPriceBook([
      { account: only.providerAccountId, country: '', prefix: '', micros: 100 },
    ])
    await upsertCap(
      database.db,
      TEST_PROJECT,
      { channel: EMAIL, country: '', limitMicros: 1_050 },
      new Date(),
    )
    for (let i = 0; i < 4; i++)
      await work({ accounts: [only], routing: decided({ prices, hasCaps: true, currency: 'USD' }) })
    const ids = await queueMessages(
      database.db,
      Array.from({ length: 40 }, (_, i) => ({ lane: (i % 3) + 1 })),
    )
    await waitFor(async () => {
      const messages = await Promise.all(ids.map((id) => readMessage(database.db, id)))
      const settled = messages.filter(({ state, detail }) => state === MessageState.SENT || detail !== null)
      return settled.length === ids.length
    })
    assert.equal(only.sent.length, 10)
    assert.deepEqual(
      (await listCaps(database.db, TEST_PROJECT)).map((cap) => cap.spentMicros),
      [1_000],
    )
    const messages = await Promise.all(ids.map((id) => readMessage(database.db, id)))
    const waits = messages.find(({ state }) => state !== MessageState.SENT)
    assert.match(waits?.detail ?? '', /^Waiting: today's spend cap of 0.00105 USD for email is used up/)
  })

  it('gives back to a cap what was refused', async () => {
    const only = account(1, refuse())
    const prices = createPriceBook([
      { account: only.providerAccountId, country: '', prefix: '', micros: 100 },
    ])
    await upsertCap(database.db, TEST_PROJECT, { channel: 0, country: '', limitMicros: 1_000 }, new Date())
    await queueMessages(database.db, [{}, {}, {}])
    await work({ accounts: [only], routing: decided({ prices, hasCaps: true }) })
    await queueIsEmpty()
    assert.deepEqual(
      (await listCaps(database.db, TEST_PROJECT)).map((cap) => cap.spentMicros),
      [0],
    )
  })

  it('counts a message once against a cap, however often its provider is asked what became of it', async () => {
    let asked = 0
    const only = account(1, () => ({ outcome: 'unknown', reply: 'lost' }), {
      semantics: { ...SMTP_SEMANTICS, lookup: true },
    })
    only.lookup = async () => {
      asked++
      return asked < 3 ? { outcome: 'unknown', reply: 'not yet' } : { outcome: 'sent', reply: 'there' }
    }
    const prices = createPriceBook([
      { account: only.providerAccountId, country: '', prefix: '', micros: 100 },
    ])
    await upsertCap(database.db, TEST_PROJECT, { channel: 0, country: '', limitMicros: 100 }, new Date())
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [only], routing: decided({ prices, hasCaps: true }) })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.SENT)
    assert.equal(asked, 3)
    assert.deepEqual(
      (await listCaps(database.db, TEST_PROJECT)).map((cap) => cap.spentMicros),
      [100],
    )
  })

  it('sends nothing of a project that is stopped, and says so', async () => {
    const only = account(1)
    const [id = ''] = await queueMessages(database.db, [{ lane: 1 }])
    await work({ accounts: [only], routing: decided({ stopped: { reason: 'a wrong campaign' } }) })
    await waitFor(async () => (await readMessage(database.db, id)).detail !== null)
    assert.equal(
      (await readMessage(database.db, id)).detail,
      'Waiting: sending is stopped for this project: a wrong campaign.',
    )
    assert.equal(only.sent.length, 0)
  })

  it('keeps to the rate of an account over several workers, and says that messages wait for their turn', async () => {
    const slow = account(1, undefined, { routing: { messagesPerSecond: 10 } })
    const beganMs = performance.now()
    for (let i = 0; i < 4; i++) await work({ accounts: [slow], routing: decided() })
    const ids = await queueMessages(
      database.db,
      Array.from({ length: 30 }, () => ({})),
    )
    const waits = await waitFor(async () => {
      const messages = await Promise.all(ids.map((id) => readMessage(database.db, id)))
      return messages.find(({ detail }) => detail !== null)
    })
    assert.equal(waits.detail, 'Waiting for its turn: account 1 takes 10 messages a second.')
    await queueIsEmpty()
    const seconds = (performance.now() - beganMs) / 1000
    assert.equal(slow.sent.length, 30)
    assert.ok(slow.sent.length <= 10 * seconds + 11, `30 within ${seconds} s`)
  })

  it('adds no statement to a claim where there are no prices, caps or limits', async () => {
    const texts: string[] = []
    const spied = spyOn(database.db, texts)
    const accounts = [account(1), account(2)]
    await queueMessages(
      database.db,
      Array.from({ length: 20 }, () => ({})),
    )
    await work({ accounts, db: spied, routing: decided() })
    await queueIsEmpty()
    const claiming = texts.filter(
      (name) => name.startsWith('notify.deliver') || name.startsWith('notify.routing'),
    )
    assert.deepEqual(
      new Set(claiming.filter((name) => !/lease|register|renew|dead|breakers$|due_code/.test(name))),
      new Set([
        'notify.deliver.pick',
        'notify.deliver.journal',
        'notify.deliver.next_due',
        'notify.deliver.record',
      ]),
    )
  })
})

/** The names of statements, as they are sent. */
function spyOn(db: Db, names: string[]): Db {
  return {
    ...db,
    query: (query) => {
      names.push(query.name ?? 'unnamed')
      return db.query(query)
    },
    transaction: (fn, options) =>
      db.transaction(
        (tx) =>
          fn({
            ...tx,
            query: (query) => {
              names.push(query.name ?? 'unnamed')
              return tx.query(query)
            },
          }),
        options,
      ),
  }
}
