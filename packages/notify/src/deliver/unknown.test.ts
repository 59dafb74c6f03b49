import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { countQueued, ledgerMigrations, queueMessages, readMessage, readOutcomes } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount } from '../testing/worker.ts'

const { ACCEPTED, UNKNOWN } = AttemptOutcome

describe('an answer that was lost', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const work = useWorkers(database)
  const queueIsEmpty = () =>
    waitFor(async () => (await countQueued(database.db)) === 0, { what: 'an empty queue' })

  it('leaves a message whose answer was lost for review, when it may be sent at most once', async () => {
    const account = scriptAccount(() => ({ outcome: 'unknown', reply: 'connection lost' }))
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_MOST_ONCE }])
    await work({ accounts: [account, scriptAccount(undefined, { number: 2 })] })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.UNKNOWN)
    assert.equal(message.detail, 'It may or may not have been sent: the answer was lost: connection lost')
    assert.equal(message.possibleDuplicate, false)
    assert.deepEqual(await readOutcomes(database.db, id), [UNKNOWN])
  })

  it('sends it again through the same account and says so, when it may be sent more than once', async () => {
    const account = scriptAccount((email) =>
      email.attempt === 1 ? { outcome: 'unknown', reply: 'lost' } : { outcome: 'accepted', reply: 'ok' },
    )
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_LEAST_ONCE }])
    await work({
      accounts: [scriptAccount(undefined, { number: 2, concurrency: 1, priority: 9 }), account].reverse(),
    })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.SENT)
    assert.equal(message.possibleDuplicate, true)
    assert.equal(account.sent.length, 2)
    assert.deepEqual(await readOutcomes(database.db, id), [UNKNOWN, ACCEPTED])
  })

  it('never calls a message refused or expired while an attempt may have reached the recipient', async () => {
    const account = scriptAccount(() => ({ outcome: 'unknown', reply: 'lost' }))
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_LEAST_ONCE }])
    await work({ accounts: [account], settings: { transactionalMaxAttempts: 2 } })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.UNKNOWN)
  })

  it('calls a message unknown, not refused, when an earlier attempt may have reached the recipient', async () => {
    const account = scriptAccount((email) =>
      email.attempt === 1
        ? { outcome: 'unknown', reply: 'lost' }
        : { outcome: 'rejected_permanent', reply: '550 no such user' },
    )
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_LEAST_ONCE }])
    await work({ accounts: [account] })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.UNKNOWN)
    assert.match(message.detail ?? '', /may have been sent by an earlier attempt.*550 no such user$/)
  })

  it('does not take back a delivery report that came before the answer was recorded', async () => {
    const account = scriptAccount(async () => {
      await database.db.query({ text: 'UPDATE notify.messages SET state = 6, delivered_time = now()' })
      return { outcome: 'unknown', reply: 'lost' }
    })
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy: UnknownPolicy.AT_LEAST_ONCE }])
    await work({ accounts: [account] })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.DELIVERED)
    assert.equal(account.sent.length, 1)
    assert.equal(message.detail, null)
  })

  it('gives up on a provider that does not answer, and calls it unknown', async () => {
    const account = scriptAccount(
      (_email, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ outcome: 'unknown', reply: 'aborted' }))
        }),
    )
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [account], settings: { deliverSendTimeoutMs: 50 } })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.UNKNOWN)
  })
})
