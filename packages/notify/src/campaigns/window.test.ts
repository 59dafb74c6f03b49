import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, waitFor } from '@mainstay/kernel/testing'
import { ALL_OF_THEM, addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { wallTime } from './send-window.ts'
import { PARKED } from './sweep-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('the hours of a campaign', () => {
  const on = useCampaigns()

  interface Waiting {
    lane: number
    due_time: Date
    window_close: Date
  }
  const waiting = () =>
    on.read<Waiting>('SELECT lane, due_time, window_close FROM notify.delivery_queue ORDER BY message_id')
  const lanes = async () => [...new Set((await waiting()).map(({ lane }) => lane))]

  it('hold for what is in the queue when they end: it waits until they begin again, also through a pause', async () => {
    await addRecipients(on.db, 300)
    const nowMs = Date.now()
    const at = (ms: number): string => {
      const time = new Date(ms)
      return wallTime(time.getUTCHours() * 60 + time.getUTCMinutes())
    }
    const startMs = Math.floor((nowMs - HOUR_MS) / 60_000) * 60_000
    const sendWindow = { start: at(startMs), end: at(nowMs + HOUR_MS), defaultTimezone: 'UTC' }
    const clock = createFakeClock(nowMs)
    const runner = await on.run({ clock })
    const id = await on.start({ ...ALL_OF_THEM, sendWindow })
    await waitFor(async () => (await waiting()).length === 300, { timeoutMs: 30_000 })
    const closeMs = Math.floor((nowMs + HOUR_MS) / 60_000) * 60_000
    for (const { lane, window_close } of await waiting()) {
      assert.deepEqual([lane, window_close.getTime()], [3, closeMs])
    }
    clock.set(closeMs)
    await waitFor(async () => (await lanes()).every((lane) => lane === PARKED), { timeoutMs: 30_000 })
    const reopenMs = startMs + DAY_MS
    for (const { due_time, window_close } of await waiting()) {
      assert.deepEqual([due_time.getTime(), window_close.getTime()], [reopenMs, closeMs + DAY_MS])
    }
    const notes = await on.read<{ title: string; notes: number }>(
      'SELECT title, count(*)::int AS notes FROM notify.message_notes GROUP BY title',
    )
    const title = `Put off until ${sendWindow.start} in UTC: the hours of its campaign had ended`
    assert.deepEqual(notes, [{ title, notes: 300 }])
    await on.parts.campaigns.pause(on.act, id)
    await on.parts.campaigns.resume(on.act, id)
    assert.deepEqual(await lanes(), [PARKED], 'a pause and its end let nothing go')
    clock.set(reopenMs)
    await waitFor(async () => (await lanes()).every((lane) => lane === 3), { timeoutMs: 30_000 })
    await runner.stop()
  })

  it('hold for what a pause had held when they ended', async () => {
    await addRecipients(on.db, 10)
    // In the past of the clock that resuming goes by.
    const clock = createFakeClock(new Date(Date.now() - DAY_MS).setUTCHours(12, 0, 0, 0))
    await on.run({ clock })
    const sendWindow = { start: '11:00', end: '13:00', defaultTimezone: 'UTC' }
    const id = await on.start({ ...ALL_OF_THEM, sendWindow })
    await waitFor(async () => (await waiting()).length === 10, { timeoutMs: 30_000 })
    await on.parts.campaigns.pause(on.act, id)
    await on.read('UPDATE notify.delivery_queue SET window_close = $1', [clock.now()])
    await on.parts.campaigns.resume(on.act, id)
    assert.deepEqual(await lanes(), [4], 'what waits beyond its hours is not released by the end of a pause')
    clock.advance(HOUR_MS)
    await waitFor(async () => (await lanes()).every((lane) => lane === PARKED), { timeoutMs: 30_000 })
  })
})
