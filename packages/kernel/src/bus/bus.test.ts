import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import { type Bus, createBus, MAX_PAYLOAD_BYTES } from './index.ts'

const database = useTestDatabase()

describe('the bus', () => {
  let bus: Bus
  before(async () => {
    bus = createBus({ connection: database.connectionString, heartbeatMs: 50 })
    await bus.start()
  })
  after(() => bus.stop())

  /** Collects a channel's payloads. */
  async function collect(channel: string, on: Bus = bus) {
    const payloads: string[] = []
    const stop = await on.listen(channel, (payload) => void payloads.push(payload))
    return { payloads, stop }
  }

  async function killListener(): Promise<void> {
    await database.db.query({
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'mainstay-bus' AND datname = current_database()`,
    })
  }

  it('carries a message to every listener of its channel and to nobody else', async () => {
    const [first, second, other] = [await collect('news'), await collect('news'), await collect('sport')]
    await bus.notify(database.db, 'news', 'hello')
    await waitFor(() => first.payloads.length === 1 && second.payloads.length === 1)
    assert.deepEqual(other.payloads, [])
    first.stop()
    await bus.notify(database.db, 'news', 'again')
    await waitFor(() => second.payloads.length === 2)
    assert.deepEqual(first.payloads, ['hello'])
  })

  it('sends a transaction’s messages at its commit, equal ones once, and none when it fails', async () => {
    const { payloads } = await collect('commits')
    await database.db.transaction(async (tx) => {
      for (let i = 0; i < 5; i++) await bus.notify(tx, 'commits', 'same')
      await bus.notify(tx, 'commits', 'different')
    })
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await bus.notify(tx, 'commits', 'never')
        throw new Error('changed my mind')
      }),
    )
    await bus.notify(database.db, 'commits', 'last')
    await waitFor(() => payloads.includes('last'))
    assert.deepEqual(payloads, ['same', 'different', 'last'])
  })

  it('carries payloads up to the server’s limit, and refuses larger ones by name', async () => {
    const { payloads } = await collect('large')
    const largest = `${'é'.repeat((MAX_PAYLOAD_BYTES - 1) / 2)}x`
    await bus.notify(database.db, 'large', largest)
    await waitFor(() => payloads[0] === largest)
    await assert.rejects(bus.notify(database.db, 'large', `${largest}x`), {
      reason: 'kernel.notification_too_large',
    })
  })

  it('comes back after the server ends its connection, and says that messages may be missing', async () => {
    const { payloads } = await collect('phoenix')
    let reconnects = 0
    const stop = bus.onReconnect(() => void reconnects++)
    for (let round = 1; round <= 3; round++) {
      await killListener()
      await waitFor(() => reconnects === round, { what: 'the reconnect' })
      assert.equal(bus.isConnected(), true)
      await bus.notify(database.db, 'phoenix', String(round))
      await waitFor(() => payloads.length === round, { what: 'a message after the reconnect' })
    }
    stop()
  })

  it('keeps calling the other listeners when one of them throws', async () => {
    await bus.listen('fragile', () => {
      throw new Error('my mistake')
    })
    const { payloads } = await collect('fragile')
    await bus.notify(database.db, 'fragile', 'x')
    await waitFor(() => payloads.length === 1)
  })

  it('refuses names that are no channel', async () => {
    await assert.rejects(
      bus.listen('x"; DROP TABLE y', () => {}),
      /no name for a channel/,
    )
  })

  it('says so when there is no database to start with', async () => {
    const lost = createBus({ connection: { host: '/nonexistent', port: 1 } })
    await assert.rejects(lost.start(), { reason: 'kernel.database_unavailable' })
    await lost.stop()
  })

  it('takes listeners that come before the start', async () => {
    const early = createBus({ connection: database.connectionString, applicationName: 'early' })
    const { payloads } = await collect('dawn', early)
    await early.start()
    await early.notify(database.db, 'dawn', 'x')
    await waitFor(() => payloads.length === 1)
    await early.stop()
    assert.equal(early.isConnected(), false)
  })
})
