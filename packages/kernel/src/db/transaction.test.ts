import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { appError, reasons } from '../errors.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import type { DbLog, Tx } from './index.ts'

const logged: { level: string; message: string }[] = []
const log =
  (level: string) =>
  (_: unknown, message?: string): void => {
    logged.push({ level, message: message ?? '' })
  }
const logger = {
  debug: log('debug'),
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
} as unknown as DbLog
const database = useTestDatabase({ db: { poolSize: 20, logger } })
const balance = async (id: number): Promise<number> => {
  const { rows } = await database.db.query<{ n: number }>({
    text: 'SELECT n FROM accounts WHERE id = $1',
    values: [id],
  })
  return rows[0]?.n ?? Number.NaN
}
const add = (tx: Tx, id: number, n: number) =>
  tx.query({ name: 'add', text: 'UPDATE accounts SET n = n + $2 WHERE id = $1', values: [id, n] })

before(async () => {
  const db = await database.ready()
  await db.query({
    text: 'CREATE TABLE accounts (id int PRIMARY KEY, n int NOT NULL); INSERT INTO accounts SELECT g, 0 FROM generate_series(1, 9) g',
  })
})

describe('a transaction', () => {
  test('commits what its function did and returns what it returned', async () => {
    assert.equal(
      await database.db.transaction(async (tx) => {
        await add(tx, 1, 5)
        assert.equal(await balance(1), 0)
        return 'done'
      }),
      'done',
    )
    assert.equal(await balance(1), 5)
  })

  test('has server settings of its own when it asks for them', async () => {
    const read = async (db: Pick<Tx, 'query'>) =>
      (await db.query<{ enable_sort: string }>({ text: 'SHOW enable_sort' })).rows[0]?.enable_sort
    const inside = await database.db.transaction(read, { settings: { enable_sort: 'off' }, readOnly: true })
    assert.equal(inside, 'off')
    assert.equal(await read(database.db), 'on')
  })

  test('undoes everything when its function throws, and passes the error on untouched', async () => {
    const error = appError(reasons, 'kernel.cancelled', 'No.')
    const failing = database.db.transaction(async (tx) => {
      await add(tx, 2, 5)
      throw error
    })
    await assert.rejects(failing, (thrown) => thrown === error)
    assert.equal(await balance(2), 0)
    assert.equal(database.db.stats().idle, database.db.stats().open)
  })

  test('is not tried again for anything but a conflict', async () => {
    let attempts = 0
    const failing = database.db.transaction(async (tx) => {
      attempts++
      await tx.query({ text: 'SELECT 1 / 0' })
    })
    await assert.rejects(failing, { reason: 'kernel.database_error' })
    assert.equal(attempts, 1)
  })

  test('does not pretend to have saved when a failed statement was swallowed', async () => {
    const failing = database.db.transaction(async (tx) => {
      await add(tx, 2, 5)
      await tx.query({ text: 'SELECT 1 / 0' }).catch(() => {})
    })
    await assert.rejects(failing, /its error was swallowed: nothing was saved/)
    assert.equal(await balance(2), 0)
  })

  test('refuses to be used after its end', async () => {
    let kept: Tx | undefined
    await database.db.transaction(async (tx) => {
      kept = tx
    })
    await assert.rejects(async () => kept?.query({ text: 'SELECT 1' }), /This transaction has ended/)
    await assert.rejects(async () => kept?.kysely().selectFrom('accounts').selectAll().execute(), /has ended/)
    await assert.rejects(async () => kept?.savepoint(async () => {}), /has ended/)
    assert.throws(() => kept?.afterCommit(() => {}), /has ended/)
  })

  test('whose connection dies fails, and the next one gets a new connection', async () => {
    const failing = database.db.transaction(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })
      await database.db.query({ text: 'SELECT pg_terminate_backend($1)', values: [rows[0]?.pid] })
      await add(tx, 2, 5)
    })
    await assert.rejects(failing, { reason: 'kernel.database_unavailable' })
    await database.db.transaction((tx) => add(tx, 3, 1))
    assert.equal(await balance(2), 0)
  })

  test('whose commit got no answer says that nobody knows', async () => {
    await database.db.query({
      text: `CREATE TABLE fragile (n int);
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON fragile DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION die()`,
    })
    const failing = database.db.transaction((tx) => tx.query({ text: 'INSERT INTO fragile VALUES (1)' }))
    await assert.rejects(failing, { reason: 'kernel.commit_unknown', code: 'unavailable' })
  })

  test('whose deferred constraint fails at the commit is an ordinary failure', async () => {
    await database.db.query({ text: 'CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)' })
    const failing = database.db.transaction((tx) => tx.query({ text: 'INSERT INTO late VALUES (1), (1)' }))
    await assert.rejects(failing, { reason: 'kernel.database_error' })
  })
})

describe('conflicts', () => {
  test('between serializable transactions are tried again until all have counted', async () => {
    const before = database.db.stats().retries
    const increment = async (tx: Tx): Promise<void> => {
      const { rows } = await tx.query<{ n: number }>({ text: 'SELECT n FROM accounts WHERE id = 4' })
      await tx.query({ text: 'UPDATE accounts SET n = $1 WHERE id = 4', values: [(rows[0]?.n ?? 0) + 1] })
    }
    const runs = Array.from({ length: 6 }, () =>
      database.db.transaction(increment, { isolation: 'serializable', maxAttempts: 50 }),
    )
    await Promise.all(runs)
    assert.equal(await balance(4), 6)
    assert.ok(database.db.stats().retries > before)
  })

  test('that are deadlocks are tried again', async () => {
    let attempts = 0
    const bothIn = Promise.withResolvers<void>()
    const cross = (first: number, second: number) =>
      database.db.transaction(async (tx) => {
        await add(tx, first, 1)
        if (++attempts === 2) bothIn.resolve()
        await bothIn.promise
        await add(tx, second, 1)
      })
    await Promise.all([cross(5, 6), cross(6, 5)])
    assert.ok(attempts >= 3)
    assert.deepEqual([await balance(5), await balance(6)], [2, 2])
  })

  test('that never end are given up after the fifth attempt', async () => {
    let attempts = 0
    const failing = database.db.transaction(async (tx) => {
      attempts++
      await tx.query({ text: `DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$` })
    })
    await assert.rejects(failing, { reason: 'kernel.conflict', code: 'aborted' })
    assert.equal(attempts, 5)
  })
})

describe('afterCommit', () => {
  test('runs once the change can be seen, in order, and only for the attempt that stood', async () => {
    const seen: string[] = []
    let attempts = 0
    await database.db.transaction(async (tx) => {
      const attempt = ++attempts
      tx.afterCommit(() => void seen.push(`first of ${attempt}`))
      tx.afterCommit(() => void seen.push(`second of ${attempt}`))
      await add(tx, 7, 1)
      if (attempt === 1) await tx.query({ text: `DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$` })
      assert.deepEqual(seen, [])
    })
    assert.deepEqual(seen, ['first of 2', 'second of 2'])
    assert.equal(await balance(7), 1)
  })

  test('does not run when nothing was saved', async () => {
    const failing = database.db.transaction(async (tx) => {
      tx.afterCommit(() => assert.fail('ran'))
      throw new Error('no')
    })
    await assert.rejects(failing, /no/)
  })

  test('that fails is logged, and the change stands', async () => {
    logged.length = 0
    await database.db.transaction(async (tx) => {
      await add(tx, 8, 1)
      tx.afterCommit(() => {
        throw new Error('sync')
      })
      tx.afterCommit(async () => {
        await delay(0)
        throw new Error('async')
      })
    })
    assert.equal(await balance(8), 1)
    await waitFor(
      () => logged.filter(({ message }) => message === 'an afterCommit callback failed').length === 2,
    )
  })
})

describe('a savepoint', () => {
  test('undoes its part alone', async () => {
    const ran: string[] = []
    await database.db.transaction(async (tx) => {
      await add(tx, 9, 1)
      const inner = tx.savepoint(async () => {
        await add(tx, 9, 10)
        tx.afterCommit(() => void ran.push('undone'))
        await tx.savepoint(() => add(tx, 9, 100))
        await tx.query({ text: 'SELECT 1 / 0' })
      })
      await assert.rejects(inner, { reason: 'kernel.database_error' })
      tx.afterCommit(() => void ran.push('kept'))
      assert.equal(await tx.savepoint(async () => 'value'), 'value')
    })
    assert.equal(await balance(9), 1)
    assert.deepEqual(ran, ['kept'])
  })
})
