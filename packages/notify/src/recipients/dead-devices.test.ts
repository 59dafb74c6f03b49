import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { newId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { insertBatch } from '../accept/store.ts'
import { draft } from '../testing/drafts.ts'
import { countQueued, ledgerMigrations, readMessage, TEST_PROJECT } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { type Answer, accept, scriptAccount } from '../testing/worker.ts'
import { forgetDead } from './dead-devices.ts'
import { upsertEndpoints } from './endpoint-store.ts'
import { upsertRecipients } from './store.ts'

const { ACCEPTED, FAILED, SENT } = MessageState
const UNREGISTERED = { outcome: 'rejected_permanent', reply: '404 UNREGISTERED', addressFault: true } as const

describe('a device that its push service calls gone', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)
  afterEach(() => database.db.query({ text: 'TRUNCATE notify.recipients, notify.suppressions CASCADE' }))

  /** As the app does at its start. */
  const register = (address: string, recipientId = 'ada', now = new Date()) =>
    database.db.transaction(async (tx) => {
      const nothing = { email: null, display_name: null, phone: null, locale: null, timezone: null }
      const row = { ...nothing, recipient_id: recipientId, attributes: '{}' }
      await upsertRecipients(tx, TEST_PROJECT, [row], [], now)
      const device = { endpoint_id: newId(), channel: 4, platform: 'ios', verified: false } as const
      await upsertEndpoints(tx, TEST_PROJECT, [{ ...device, recipient_id: recipientId, address }], now)
    })

  async function push(...addresses: string[]): Promise<string[]> {
    const content = JSON.stringify({ push: { title: 'Hello', body: 'Hello', data: {} } })
    const drafts = addresses.map((to) => draft({ channel: 4, to, recipientId: 'ada', content }))
    await insertBatch(database.db, drafts, Date.now() + 60_000)
    return drafts.map((one) => one.messageId)
  }

  const device = (answer: Answer) => scriptAccount(answer, { channels: ['push'] })
  const settled = () => waitFor(async () => (await countQueued(database.db)) === 0)
  const stateOf = async (messageId: string) => (await readMessage(database.db, messageId)).state

  async function devices() {
    const { rows } = await database.db.query<{ address: string; reason: string | null; suppressed: boolean }>(
      {
        text: `SELECT e.address, e.dead_reason AS reason, EXISTS (SELECT FROM notify.suppressions s
          WHERE s.project_id = e.project_id AND s.channel = 4 AND s.address_key = e.address_key) AS suppressed
        FROM notify.recipient_endpoints e ORDER BY e.address`,
      },
    )
    return rows
  }

  it('is taken out of use in the commit that tells of it, with the provider’s words, and its others are not', async () => {
    await register('gone')
    await register('there')
    await startWorker({
      accounts: [device(({ to }) => (to === 'gone' ? UNREGISTERED : { outcome: 'accepted', reply: 'ok' }))],
    })
    const [gone = '', there = ''] = await push('gone', 'there')
    await settled()
    assert.deepEqual([await stateOf(gone), await stateOf(there)], [FAILED, SENT])
    assert.deepEqual(await devices(), [
      { address: 'gone', reason: '404 UNREGISTERED', suppressed: true },
      { address: 'there', reason: null, suppressed: false },
    ])
  })

  it('is in use again once its app registers it again, whoever signed in', async () => {
    await register('token')
    await startWorker({ accounts: [device(() => UNREGISTERED)] })
    await push('token')
    await settled()
    await register('token', 'grace')
    assert.deepEqual(await devices(), [{ address: 'token', reason: null, suppressed: false }])
  })

  it('stays when it was registered again after the attempt began', async () => {
    await register('token')
    const account = device(async () => {
      await register('token')
      return UNREGISTERED
    })
    await startWorker({ accounts: [account] })
    const [message = ''] = await push('token')
    await settled()
    assert.equal(await stateOf(message), FAILED)
    assert.deepEqual(await devices(), [{ address: 'token', reason: null, suppressed: false }])
  })

  it('is never suppressed and in use, however registering and the provider’s word meet', async () => {
    const tokens = Array.from({ length: 50 }, (_, n) => `token-${String(n).padStart(2, '0')}`)
    for (const token of tokens) await register(token, `user-${token}`)
    const registering: Promise<void>[] = []
    const account = device(({ to }) => {
      registering.push(register(to, `user-${to}`))
      return UNREGISTERED
    })
    await startWorker({ accounts: [account] })
    for (let round = 0; round < 4; round++) {
      await push(...tokens)
      await settled()
      await Promise.all(registering.splice(0))
      // Each was registered after its attempt began: all are there, and may be sent to.
      assert.deepEqual(
        await devices(),
        tokens.map((address) => ({ address, reason: null, suppressed: false })),
      )
    }
  })

  it('is handed to the push service that made its token, and waits while no account is of it', async () => {
    const isApple = (to: string): boolean => to.startsWith('apple')
    const fcm = scriptAccount(accept, { channels: ['push'], takes: (to) => !isApple(to) })
    const apns = scriptAccount(accept, { channels: ['push'], number: 2, takes: isApple })
    const first = await startWorker({ accounts: [fcm] })
    const [google = '', apple = ''] = await push('google-1', 'apple-1')
    await waitFor(async () => (await readMessage(database.db, apple)).detail !== null)
    await waitFor(async () => (await stateOf(google)) === SENT)
    assert.equal(await stateOf(apple), ACCEPTED)
    await first.stop()
    await startWorker({ accounts: [fcm, apns] })
    await settled()
    assert.deepEqual(
      [fcm, apns].map(({ sent }) => sent.map(({ to }) => to)),
      [['google-1'], ['apple-1']],
    )
  })

  it('is forgotten after ninety days', async () => {
    await register('gone')
    await register('there')
    await database.db.query({
      text: `UPDATE notify.recipient_endpoints SET dead_time = now() WHERE address = 'gone'`,
    })
    const dayMs = 86_400_000
    await forgetDead(database.db, new Date(Date.now() + 89 * dayMs))
    assert.equal((await devices()).length, 2)
    await forgetDead(database.db, new Date(Date.now() + 91 * dayMs))
    assert.deepEqual(
      (await devices()).map(({ address }) => address),
      ['there'],
    )
  })
})
