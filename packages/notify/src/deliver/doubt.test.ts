import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import type { LookupResult } from '../providers/adapter.ts'
import { SMTP_SEMANTICS } from '../providers/smtp.ts'
import { countQueued, ledgerMigrations, queueMessages, readMessage, readOutcomes } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { type Answer, scriptAccount } from '../testing/worker.ts'

const { ACCEPTED, REJECTED_PERMANENT, REJECTED_TRANSIENT, UNKNOWN } = AttemptOutcome
const { AT_LEAST_ONCE, AT_MOST_ONCE } = UnknownPolicy
const HOUR_MS = 3_600_000

const keyed = { semantics: { ...SMTP_SEMANTICS, idempotencyWindowMs: 24 * HOUR_MS } }
const reporting = { reportsSettle: true }

/** Loses its first answers, then does as it is told. */
const loses = (times: number, then: Answer): Answer => {
  let asked = 0
  return (message, signal) =>
    asked++ < times ? { outcome: 'unknown', reply: 'lost' } : then(message, signal)
}
const accepts: Answer = () => ({ outcome: 'accepted', reply: 'ok' })

describe('after an answer was lost', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const work = useWorkers(database)
  const queueIsEmpty = () =>
    waitFor(async () => (await countQueued(database.db)) === 0, { what: 'an empty queue' })
  const other = () => scriptAccount(accepts, { number: 2 })

  async function queue(unknownPolicy: UnknownPolicy): Promise<string> {
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy }])
    return id
  }

  it('a provider with idempotency keys is asked again with the same one, whatever the policy', async () => {
    for (const policy of [AT_MOST_ONCE, AT_LEAST_ONCE]) {
      const account = scriptAccount(loses(2, accepts), keyed)
      const second = other()
      const id = await queue(policy)
      const worker = await work({ accounts: [account, second] })
      await queueIsEmpty()
      await worker.stop()
      const message = await readMessage(database.db, id)
      assert.equal(message.state, MessageState.SENT)
      assert.equal(message.possibleDuplicate, false, 'the key makes it one')
      assert.deepEqual(await readOutcomes(database.db, id), [UNKNOWN, UNKNOWN, ACCEPTED])
      assert.deepEqual(new Set(account.sent.map(({ messageId }) => messageId)).size, 1)
      assert.equal(second.sent.length, 0)
    }
  })

  it('what a keyed provider refuses the second time was not sent the first time', async () => {
    const account = scriptAccount(
      loses(1, () => ({ outcome: 'rejected_permanent', reply: 'no such user' })),
      keyed,
    )
    const id = await queue(AT_MOST_ONCE)
    await work({ accounts: [account] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.FAILED)
    assert.deepEqual(await readOutcomes(database.db, id), [UNKNOWN, REJECTED_PERMANENT])
  })

  it('"not now" to a repeated call settles nothing: no other provider gets the message', async () => {
    let asked = 0
    const account = scriptAccount(() => {
      asked++
      if (asked === 1) return { outcome: 'unknown', reply: 'lost' }
      return asked < 4
        ? { outcome: 'rejected_transient', reply: '429' }
        : { outcome: 'accepted', reply: 'ok' }
    }, keyed)
    const second = other()
    const id = await queue(AT_LEAST_ONCE)
    await work({ accounts: [account, second] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.SENT)
    assert.equal(second.sent.length, 0)
  })

  it('a key that is no longer remembered is not relied on', async () => {
    const account = scriptAccount(loses(9, accepts), {
      semantics: { ...SMTP_SEMANTICS, idempotencyWindowMs: 60_000 },
    })
    const id = await queue(AT_MOST_ONCE)
    await work({ accounts: [account, other()] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.UNKNOWN)
    assert.equal(account.sent.length, 1)
  })

  it('a provider that can be asked is asked, and what it says counts', async () => {
    const cases: [LookupResult, MessageState, AttemptOutcome[]][] = [
      [{ outcome: 'sent', reply: 'there', providerMessageId: 'p-1' }, MessageState.SENT, [UNKNOWN, ACCEPTED]],
      [{ outcome: 'not_sent', reply: 'none' }, MessageState.SENT, [UNKNOWN, REJECTED_TRANSIENT, ACCEPTED]],
    ]
    for (const [found, state, outcomes] of cases) {
      const account = scriptAccount(loses(1, accepts), { semantics: { ...SMTP_SEMANTICS, lookup: true } })
      account.lookup = async () => found
      const id = await queue(AT_MOST_ONCE)
      const worker = await work({ accounts: [account] })
      await queueIsEmpty()
      await worker.stop()
      const message = await readMessage(database.db, id)
      assert.equal(message.state, state)
      assert.equal(message.possibleDuplicate, false)
      assert.deepEqual(await readOutcomes(database.db, id), outcomes)
      assert.equal(account.sent.length, found.outcome === 'sent' ? 1 : 2)
    }
  })

  it('a report is waited for before the policy decides: review, or a resend that says so', async () => {
    for (const [policy, state, sends] of [
      [AT_MOST_ONCE, MessageState.UNKNOWN, 1],
      [AT_LEAST_ONCE, MessageState.SENT, 2],
    ] as const) {
      const account = scriptAccount(loses(1, accepts), reporting)
      const id = await queue(policy)
      const worker = await work({ accounts: [account], settings: { reportWaitMs: 60 } })
      await queueIsEmpty()
      await worker.stop()
      const message = await readMessage(database.db, id)
      assert.equal(message.state, state)
      const { rows } = await database.db.query<{ waitMs: number }>({
        text: `SELECT round(extract(epoch FROM retry_time - end_time) * 1000)::int4 AS "waitMs"
          FROM notify.delivery_attempts WHERE message_id = $1 AND attempt = 1`,
        values: [id],
      })
      assert.equal(rows[0]?.waitMs, 60)
      assert.equal(message.possibleDuplicate, policy === AT_LEAST_ONCE)
      assert.equal(account.sent.length, sends)
    }
  })

  it('the policy decides where the account is gone that could have told', async () => {
    const accounts: ProviderCandidate[] = []
    const account = scriptAccount((_message, _signal) => {
      accounts.length = 0
      return { outcome: 'unknown', reply: 'lost' }
    }, keyed)
    accounts.push(account)
    const second = other()
    const id = await queue(AT_MOST_ONCE)
    await work({
      directory: {
        candidates: async () => (accounts.length > 0 ? accounts : [second]),
        clientFor: async () => ({
          send: async (message, signal) => {
            account.sent.push(message)
            return account.answer(message, signal)
          },
          verify: async () => ({ ok: true, detail: '' }),
          close: async () => {},
        }),
      },
    })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.UNKNOWN)
    assert.equal(second.sent.length, 0, 'no provider is crossed while the first outcome is unknown')
  })
})
