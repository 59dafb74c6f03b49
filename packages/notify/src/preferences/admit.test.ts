import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type Db, newId } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { type Draft, insertBatch } from '../accept/store.ts'
import { draft, idempotencyKey } from '../testing/drafts.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { storeCategory, storeContactSettings, storePreference } from '../testing/preferences.ts'

const [EMAIL, SMS, INBOX, WEBHOOK] = [1, 2, 7, 6]
const [OTP, TRANSACTIONAL, BULK] = [1, 2, 3]
const DAY_MS = 86_400_000

describe('admitting messages', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })

  beforeEach(async () => {
    await database.db.query({
      text: `TRUNCATE notify.categories, notify.contact_settings, notify.preferences, notify.recipient_quiet_hours,
        notify.frequency_counts, notify.messages, notify.delivery_queue, notify.recipients, notify.message_notes CASCADE`,
    })
  })

  const store = (drafts: readonly Draft[], db: Pick<Db, 'query'> = database.db) =>
    insertBatch(db, drafts, Date.now() + DAY_MS)

  interface Stored {
    state: MessageState
    detail: string | null
    sendTime: Date
    category: string | null
    dueTime: Date | null
    notes: string[]
  }
  async function read({ messageId }: Draft): Promise<Stored> {
    const { rows } = await database.db.query<Stored>({
      text: `SELECT m.state, m.status_detail AS detail, m.send_time AS "sendTime", m.category, q.due_time AS "dueTime",
          ARRAY(SELECT title FROM notify.message_notes n WHERE n.message_id = m.message_id) AS notes
        FROM notify.messages m LEFT JOIN notify.delivery_queue q USING (project_id, message_id)
        WHERE m.message_id = $1`,
      values: [messageId],
    })
    const [row] = rows
    assert.ok(row)
    return row
  }
  async function sendOne(changes: Partial<Draft>): Promise<Stored> {
    const one = draft({ recipientId: 'ann', ...changes })
    await store([one])
    return await read(one)
  }
  const states = async (): Promise<Record<number, number>> => {
    const { rows } = await database.db.query<{ state: number; count: number }>({
      text: 'SELECT state, count(*)::int4 AS count FROM notify.messages GROUP BY state',
    })
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }
  const storeRecipient = (recipientId: string, timezone: string) =>
    database.db.query({
      text: `INSERT INTO notify.recipients (project_id, recipient_id, timezone, create_time, update_time)
        VALUES ($1, $2, $3, now(), now())`,
      values: [TEST_PROJECT, recipientId, timezone],
    })

  describe('preferences', () => {
    it('keep a message that its recipient has switched off, and say so', async () => {
      await storeCategory(database.db, 'offers')
      await storePreference(database.db, 'ann', ['offers', EMAIL, false])
      const skipped = await sendOne({ category: 'offers' })
      assert.equal(skipped.state, MessageState.SKIPPED)
      assert.equal(skipped.detail, 'The recipient has switched off "Offers" by email.')
      assert.equal(skipped.dueTime, null)
      assert.equal(skipped.category, 'offers')
      const others = [
        await sendOne({ category: 'offers', channel: SMS, to: '+4915112345678' }),
        await sendOne({ category: 'offers', recipientId: 'bea' }),
        await sendOne({ category: 'offers', recipientId: null }),
        await sendOne({ category: 'offers', live: false }),
        await sendOne({ category: null }),
      ]
      assert.deepEqual(
        others.map(({ state }) => state),
        others.map(() => MessageState.ACCEPTED),
      )
    })

    it('are told as ended, like every message that nothing becomes of', async () => {
      await storeCategory(database.db, 'offers')
      await storePreference(database.db, 'ann', ['offers', EMAIL, false])
      const [off, on] = [draft({ recipientId: 'ann', category: 'offers' }), draft({ recipientId: 'ann' })]
      await store([off, on])
      const { rows } = await database.db.query<{ payload: { messageIds: string[] } }>({
        text: `SELECT payload FROM kernel.outbox WHERE topic = 'notify.messages_ended'`,
      })
      const ended = rows.flatMap(({ payload }) => payload.messageIds)
      assert.ok(ended.includes(off.messageId) && !ended.includes(on.messageId))
    })

    it('do not hold for mandatory categories and one-time codes', async () => {
      await storeCategory(database.db, 'security', { mandatory: true })
      await storeCategory(database.db, 'codes')
      await storePreference(database.db, 'ann', ['', 0, false])
      assert.equal((await sendOne({ category: 'security' })).state, MessageState.ACCEPTED)
      assert.equal((await sendOne({ category: 'codes', class: OTP })).state, MessageState.ACCEPTED)
      assert.equal((await sendOne({ category: 'codes' })).state, MessageState.SKIPPED)
    })

    it('of all categories hold where none of the category does, and for bulk messages without one', async () => {
      await storeCategory(database.db, 'offers')
      await storePreference(database.db, 'ann', ['', 0, false])
      assert.equal(
        (await sendOne({ category: 'offers' })).detail,
        'The recipient has unsubscribed from everything.',
      )
      assert.equal((await sendOne({ class: BULK })).state, MessageState.SKIPPED)
      assert.equal((await sendOne({ class: TRANSACTIONAL })).state, MessageState.ACCEPTED)
      await storePreference(database.db, 'ann', ['offers', 0, true])
      assert.equal((await sendOne({ category: 'offers' })).state, MessageState.ACCEPTED)
      await storePreference(database.db, 'bea', ['', SMS, false])
      const sms = await sendOne({
        recipientId: 'bea',
        category: 'offers',
        channel: SMS,
        to: '+4915112345678',
      })
      assert.equal(sms.detail, 'The recipient wants nothing by text message.')
    })

    it('start with what the category says', async () => {
      await storeCategory(database.db, 'tips', { offChannels: [SMS] })
      const sms = { category: 'tips', channel: SMS, to: '+4915112345678' }
      assert.equal(
        (await sendOne(sms)).detail,
        '"Tips" is off by text message until the recipient switches it on.',
      )
      await storePreference(database.db, 'ann', ['tips', SMS, true])
      assert.equal((await sendOne(sms)).state, MessageState.ACCEPTED)
    })
  })

  describe('quiet hours', () => {
    /** 23:30 in Berlin, far ahead. */
    const nightMs = Date.UTC(2036, 0, 15, 22, 30)
    const morning = new Date(Date.UTC(2036, 0, 16, 6))
    const night = { start: 22 * 60, end: 7 * 60, days: [] }
    const tonight = { sendMs: nightMs, expireMs: nightMs + DAY_MS }

    it('move what would come in the recipient’s night to the morning, and say why', async () => {
      await storeContactSettings(database.db, { windows: [night] })
      await storeRecipient('ann', 'Europe/Berlin')
      const held = await sendOne(tonight)
      assert.equal(held.state, MessageState.ACCEPTED)
      assert.equal(held.detail, 'Quiet hours in Europe/Berlin until 07:00')
      assert.deepEqual(held.notes, ['Quiet hours in Europe/Berlin until 07:00'])
      assert.deepEqual([held.sendTime, held.dueTime], [morning, morning])
      const noon = await sendOne({ ...tonight, sendMs: Date.UTC(2036, 0, 15, 11) })
      assert.equal(noon.sendTime.getTime(), Date.UTC(2036, 0, 15, 11))
      assert.deepEqual(noon.notes, [])
    })

    it('take the project’s zone where the recipient’s is not known, or is none', async () => {
      await storeContactSettings(database.db, { windows: [night], timezone: 'Asia/Kolkata' })
      await storeRecipient('odd', 'Atlantis/Capital')
      for (const recipientId of ['stranger', 'odd']) {
        const held = await sendOne({ ...tonight, recipientId })
        assert.equal(held.detail, 'Quiet hours in Asia/Kolkata until 07:00')
      }
      await storeCategory(database.db, 'offers')
      const address = await sendOne({ ...tonight, recipientId: null, category: 'offers' })
      assert.equal(address.detail, 'Quiet hours in Asia/Kolkata until 07:00')
      assert.equal((await sendOne({ ...tonight, recipientId: null })).detail, null)
    })

    it('spare codes, exempt classes, categories that want it so, and what makes no noise', async () => {
      await storeContactSettings(database.db, { windows: [night], exemptClasses: [TRANSACTIONAL] })
      await storeCategory(database.db, 'alarms', { quietHours: false })
      const at = { ...tonight, class: BULK }
      assert.notEqual((await sendOne(at)).detail, null)
      assert.equal((await sendOne({ ...at, class: OTP })).detail, null)
      assert.equal((await sendOne({ ...at, class: TRANSACTIONAL })).detail, null)
      assert.equal((await sendOne({ ...at, category: 'alarms' })).detail, null)
      assert.equal((await sendOne({ ...at, channel: INBOX })).detail, null)
      assert.equal((await sendOne({ ...at, channel: WEBHOOK })).detail, null)
    })

    it('are the recipient’s own where there are some', async () => {
      await storeContactSettings(database.db, { windows: [night] })
      await database.db.query({
        text: `INSERT INTO notify.recipient_quiet_hours (project_id, live, recipient_id, windows, actor, update_time)
          VALUES ($1, true, 'ann', '[]', 'test', now()),
            ($1, true, 'bea', '[{"start": 1320, "end": 600, "days": []}]', 'test', now())`,
        values: [TEST_PROJECT],
      })
      assert.equal((await sendOne(tonight)).detail, null)
      const later = await sendOne({ ...tonight, recipientId: 'bea' })
      assert.equal(later.detail, 'Quiet hours in UTC until 10:00')
    })

    it('never make a message wait beyond its expiry', async () => {
      await storeContactSettings(database.db, { windows: [night] })
      const held = await sendOne({ ...tonight, expireMs: nightMs + 60_000 })
      assert.equal(held.dueTime?.getTime(), nightMs + 60_000)
    })
  })

  describe('frequency caps', () => {
    /** Far from midnight, wherever the tests run long. */
    const noon = { sendMs: Date.UTC(2036, 0, 16, 12), expireMs: Date.UTC(2036, 0, 17, 12) }
    const offers = (changes: Partial<Draft> = {}): Draft =>
      draft({ recipientId: 'ann', category: 'offers', ...noon, ...changes })

    it('let the first of a batch through and tell the others why not', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 2 })
      const drafts = [offers(), offers(), offers(), offers({ recipientId: 'bea' }), offers({ live: false })]
      await store(drafts)
      const stored = await Promise.all(drafts.map(read))
      const { ACCEPTED, SKIPPED } = MessageState
      assert.deepEqual(
        stored.map(({ state }) => state),
        [ACCEPTED, ACCEPTED, SKIPPED, ACCEPTED, ACCEPTED],
      )
      assert.equal(stored[2]?.detail, 'The frequency cap is reached: 2 a day of "Offers" for each person.')
    })

    it('hold when a hundred are sent at once through several processes’ connections', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 5 })
      const dbs = [database.db, database.openDb(), database.openDb()]
      const sends = Array.from({ length: 100 }, (_, index) => {
        const keyed = offers({ idempotency: idempotencyKey(`send-${index}`), dedupeKey: `d${index}` })
        return store([keyed], dbs[index % dbs.length])
      })
      await Promise.all(sends)
      assert.deepEqual(await states(), { [MessageState.ACCEPTED]: 5, [MessageState.SKIPPED]: 95 })
    })

    it('hold for batches at once that have people in common, in whatever order', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 3 })
      await storeContactSettings(database.db, { weekCap: 4 })
      const people = Array.from({ length: 20 }, (_, index) => `person ${index}`)
      const batch = (order: readonly string[]): Draft[] => order.map((recipientId) => offers({ recipientId }))
      const dbs = [database.db, database.openDb()]
      const batches = Array.from({ length: 20 }, (_, index) =>
        store(batch(index % 2 === 0 ? people : people.toReversed()), dbs[index % 2]),
      )
      await Promise.all(batches)
      assert.deepEqual(await states(), { [MessageState.ACCEPTED]: 60, [MessageState.SKIPPED]: 340 })
    })

    it('count neither what repeats a key nor what is not sent for another reason', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 1 })
      await storeCategory(database.db, 'tips')
      await storePreference(database.db, 'ann', ['offers', SMS, false])
      await store([offers({ channel: SMS, to: '+4915112345678' })])
      const first = offers({ dedupeKey: 'summer' })
      await store([first])
      const lost = offers({ dedupeKey: 'summer', recipientId: 'bea' })
      assert.deepEqual(await store([lost]), [lost.notificationId])
      assert.equal((await read(first)).state, MessageState.ACCEPTED)
      assert.equal(
        (await sendOne({ ...noon, category: 'offers', recipientId: 'bea' })).state,
        MessageState.ACCEPTED,
      )
      assert.equal((await sendOne({ ...noon, category: 'offers' })).state, MessageState.SKIPPED)
      assert.equal((await sendOne({ ...noon, category: 'tips' })).state, MessageState.ACCEPTED)
    })

    it('count a notification to several devices once, and let all of them have it or none', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 1 })
      const devices = () => [{ messageId: newId(), to: 'second device' }]
      await store([offers({ others: devices() }), offers({ others: devices() })])
      assert.deepEqual(await states(), { [MessageState.ACCEPTED]: 2, [MessageState.SKIPPED]: 2 })
    })

    it('over all categories count what people can switch off, and no codes', async () => {
      await storeContactSettings(database.db, { dayCap: 1 })
      await storeCategory(database.db, 'offers')
      await storeCategory(database.db, 'tips')
      await storeCategory(database.db, 'security', { mandatory: true })
      assert.equal((await sendOne({ ...noon, category: 'security' })).state, MessageState.ACCEPTED)
      assert.equal((await sendOne({ ...noon, category: 'offers' })).state, MessageState.ACCEPTED)
      const over = await sendOne({ ...noon, category: 'tips' })
      assert.equal(over.detail, 'The frequency cap is reached: 1 a day over all categories for each person.')
      assert.equal((await sendOne({ ...noon, class: BULK })).state, MessageState.SKIPPED)
      assert.equal((await sendOne({ ...noon, category: 'tips', class: OTP })).state, MessageState.ACCEPTED)
      assert.equal((await sendOne({ ...noon, category: 'security' })).state, MessageState.ACCEPTED)
      assert.equal((await sendOne(noon)).state, MessageState.ACCEPTED)
    })

    it('count on the recipient’s day, on which the message is to be sent; weeks begin on Monday', async () => {
      await storeCategory(database.db, 'offers', { dayCap: 1, weekCap: 2 })
      await storeRecipient('ann', 'Pacific/Auckland')
      // The clocks of Auckland are 13 hours ahead.
      const times: [time: string, state: MessageState][] = [
        ['Saturday, 2036-01-04T21:00Z', MessageState.ACCEPTED],
        ['Sunday, 2036-01-05T12:00Z', MessageState.ACCEPTED],
        ['Saturday, 2036-01-05T10:00Z', MessageState.SKIPPED],
        ['Sunday, 2036-01-06T10:30Z', MessageState.SKIPPED],
        ['Monday, 2036-01-06T11:30Z', MessageState.ACCEPTED],
      ]
      for (const [time, state] of times) {
        const sendMs = Date.parse(time.replace(/^\w+, /, ''))
        const sent = await sendOne({ category: 'offers', sendMs, expireMs: sendMs + DAY_MS })
        assert.equal(sent.state, state, time)
      }
    })
  })
})
