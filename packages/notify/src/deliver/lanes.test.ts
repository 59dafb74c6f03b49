import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import fc from 'fast-check'
import type { ProviderResult } from '../providers/adapter.ts'
import type { Outgoing } from '../providers/outgoing.ts'
import { countQueued, countStates, ledgerMigrations, queueMessages } from '../testing/ledger.ts'
import { createTestWorker, type ScriptedAccount, scriptAccount, scriptDirectory } from '../testing/worker.ts'
import type { Deliverer } from './deliverer.ts'
import { createSlots, LANES, type Lane } from './lanes.ts'

describe('places', () => {
  it('are never given out twice, and every lane that holds none can take one while others flood', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.tuple(fc.constantFrom<Lane>(1, 2, 3), fc.boolean()), { maxLength: 300 }),
        (total, steps) => {
          const slots = createSlots(total)
          const held: Record<Lane, number> = { 1: 0, 2: 0, 3: 0 }
          for (const [lane, takes] of steps) {
            if (takes) {
              const could = slots.freeFor(lane) > 0
              assert.equal(slots.take(lane), could)
              if (could) held[lane]++
            } else if (held[lane] > 0) {
              slots.give(lane)
              held[lane]--
            }
            const { own, shared } = slots.free()
            assert.ok(shared >= 0)
            assert.equal(own[0] + own[1] + own[2] + shared + slots.inFlight(), total)
            if (total < 4) continue
            for (const other of LANES) if (held[other] === 0) assert.ok(slots.freeFor(other) > 0)
          }
        },
      ),
    )
  })
})

/** An account whose answers are held back until the test lets all of them go, from then on. */
function gated(changes: Parameters<typeof scriptAccount>[1] = {}) {
  const open: { email: Outgoing; answer: () => void }[] = []
  let isOpen = false
  const accepted: ProviderResult = { outcome: 'accepted', reply: 'ok' }
  const account: ScriptedAccount = scriptAccount(
    (email) =>
      isOpen ? accepted : new Promise((resolve) => open.push({ email, answer: () => resolve(accepted) })),
    changes,
  )
  function answerAll(): void {
    isOpen = true
    for (const { answer } of open) answer()
  }
  return { account, open, answerAll }
}

describe('lanes', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let worker: Deliverer | undefined
  afterEach(async () => {
    await worker?.stop()
    await database.db.query({
      text: 'TRUNCATE notify.delivery_queue, notify.messages, notify.delivery_attempts',
    })
  })
  const many = (lane: Lane, count: number, projectId?: string) =>
    queueMessages(
      database.db,
      Array.from({ length: count }, () => ({ lane, ...(projectId === undefined ? {} : { projectId }) })),
    )

  it('let a code through at once while 5,000 bulk messages wait and every bulk place is taken', async () => {
    const { account, open, answerAll } = gated()
    await many(3, 5000)
    worker = createTestWorker(database.db, { accounts: [account], settings: { deliverConcurrency: 50 } })
    await worker.start()
    // Bulk has its own tenth and all that is shared: everything but what is kept for otp and transactional.
    await waitFor(() => open.length === 30, { what: 'bulk to fill its places' })
    await many(1, 1)
    await waitFor(() => open.some(({ email }) => email.class === 'otp'), {
      what: 'the code to be handed over',
    })
    assert.equal(
      open.filter(({ email }) => email.class === 'bulk').length,
      30,
      'though no bulk message has ended',
    )
    answerAll()
  })

  it('let bulk move while codes flood', async () => {
    const { account, open, answerAll } = gated()
    await many(1, 500)
    await many(3, 1)
    worker = createTestWorker(database.db, { accounts: [account], settings: { deliverConcurrency: 20 } })
    await worker.start()
    await waitFor(() => open.some(({ email }) => email.class === 'bulk'))
    await waitFor(() => open.filter(({ email }) => email.class === 'otp').length >= 14, {
      what: 'codes to fill their own places and what is shared',
    })
    answerAll()
  })

  it('keep their places at an account that carries few at once', async () => {
    const { account, open, answerAll } = gated({ concurrency: 5 })
    await many(3, 200)
    worker = createTestWorker(database.db, { accounts: [account] })
    await worker.start()
    await waitFor(() => open.length === 6)
    await many(1, 1)
    await waitFor(() => open.some(({ email }) => email.class === 'otp'))
    assert.ok(open.length <= 10, 'no more are under way than twice what the account carries')
    answerAll()
  })

  it('of one project with a slow account do not hold up another project', async () => {
    const slow = gated({ concurrency: 1, number: 1 })
    const quick = scriptAccount(undefined, { number: 2 })
    const [slowProject, quickProject] = [
      '01980000-0000-7000-8000-0000000000b1',
      '01980000-0000-7000-8000-0000000000b2',
    ]
    await many(2, 2000, slowProject)
    await many(2, 100, quickProject)
    const accounts = [slow.account, quick]
    const clients = scriptDirectory(accounts)
    worker = createTestWorker(database.db, {
      directory: {
        ...clients,
        candidates: async (projectId) => (projectId === slowProject ? [slow.account] : [quick]),
      },
    })
    await worker.start()
    await waitFor(() => quick.sent.length === 100, { what: 'the other project to be served' })
    assert.ok(slow.open.length <= 2)
    slow.answerAll()
  })

  it('work off a long queue for an account with a single line', async () => {
    const account = scriptAccount(undefined, { concurrency: 1 })
    await many(2, 300)
    worker = createTestWorker(database.db, { accounts: [account] })
    await worker.start()
    await waitFor(async () => (await countQueued(database.db)) === 0)
    assert.deepEqual(await countStates(database.db), { SENT: 300 })
    assert.equal(account.sent.length, 300)
  })
})
