import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { useTestDatabase } from '@mainstay/kernel/testing'
import fc from 'fast-check'
import { ledgerMigrations } from '../testing/ledger.ts'
import type { TestWindow } from '../testing/preferences.ts'

const night: TestWindow = { start: 22 * 60, end: 7 * 60, days: [] }

describe('the end of quiet hours', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })

  async function quietUntil(moment: string, zone: string, windows: TestWindow[]): Promise<string | null> {
    const { rows } = await database.db.query<{ until: Date | null }>({
      text: 'SELECT notify.quiet_until($1, $2, $3::jsonb) AS until',
      values: [moment, zone, JSON.stringify(windows)],
    })
    return rows[0]?.until?.toISOString() ?? null
  }

  it('is the next morning for what comes in the evening, and this morning for what comes at night', async () => {
    assert.equal(
      await quietUntil('2026-03-10T21:30:00Z', 'Europe/Berlin', [night]),
      '2026-03-11T06:00:00.000Z',
    )
    assert.equal(
      await quietUntil('2026-03-11T03:00:00Z', 'Europe/Berlin', [night]),
      '2026-03-11T06:00:00.000Z',
    )
    assert.equal(await quietUntil('2026-03-11T06:00:00Z', 'Europe/Berlin', [night]), null)
    assert.equal(await quietUntil('2026-03-10T20:59:59Z', 'Europe/Berlin', [night]), null)
  })

  it('comes an hour sooner in the night in which clocks go forward, and later when they go back', async () => {
    assert.equal(
      await quietUntil('2026-03-28T22:00:00Z', 'Europe/Berlin', [night]),
      '2026-03-29T05:00:00.000Z',
    )
    assert.equal(
      await quietUntil('2026-10-24T21:00:00Z', 'Europe/Berlin', [night]),
      '2026-10-25T06:00:00.000Z',
    )
  })

  it('counts an hour that comes twice both times, and one that is skipped as that much later', async () => {
    const early: TestWindow = { start: 2 * 60 + 15, end: 2 * 60 + 45, days: [] }
    const [first, second] = ['2026-10-25T00:20:00Z', '2026-10-25T01:20:00Z']
    assert.equal(await quietUntil(first, 'Europe/Berlin', [early]), '2026-10-25T01:45:00.000Z')
    assert.equal(await quietUntil(second, 'Europe/Berlin', [early]), '2026-10-25T01:45:00.000Z')
    assert.equal(
      await quietUntil('2026-03-29T01:20:00Z', 'Europe/Berlin', [early]),
      '2026-03-29T01:45:00.000Z',
    )
  })

  it('follows the half hour of Lord Howe, and zones that never change', async () => {
    assert.equal(
      await quietUntil('2026-04-04T12:00:00Z', 'Australia/Lord_Howe', [night]),
      '2026-04-04T20:30:00.000Z',
    )
    assert.equal(
      await quietUntil('2026-10-03T12:00:00Z', 'Australia/Lord_Howe', [night]),
      '2026-10-03T20:00:00.000Z',
    )
    assert.equal(
      await quietUntil('2026-10-03T17:00:00Z', 'Asia/Kolkata', [night]),
      '2026-10-04T01:30:00.000Z',
    )
  })

  it('asks on which day the hours begin', async () => {
    const fridays: TestWindow = { ...night, days: [5] }
    assert.equal(await quietUntil('2026-03-13T23:00:00Z', 'UTC', [fridays]), '2026-03-14T07:00:00.000Z')
    assert.equal(await quietUntil('2026-03-14T06:00:00Z', 'UTC', [fridays]), '2026-03-14T07:00:00.000Z')
    assert.equal(await quietUntil('2026-03-14T23:00:00Z', 'UTC', [fridays]), null)
  })

  it('is that of the last of hours that touch; a day is quiet from midnight to midnight', async () => {
    const sunday: TestWindow = { start: 0, end: 0, days: [7] }
    assert.equal(await quietUntil('2026-03-14T23:00:00Z', 'UTC', [night, sunday]), '2026-03-16T07:00:00.000Z')
  })

  it('agrees with a plain reading of the clocks, whatever the zone, the moment and the hours', async () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'America/Santiago',
      'Pacific/Chatham',
      'Pacific/Auckland',
      'UTC',
    ]
    const window = fc.record({
      start: fc.integer({ min: 0, max: 1439 }),
      end: fc.integer({ min: 0, max: 1439 }),
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }),
    })
    const scene = fc.record({
      zone: fc.constantFrom(...zones),
      // Half of the moments lie within a day of a change of clocks, where there are such.
      atMs: fc.integer({ min: Date.UTC(2012, 0, 1) / 1000, max: Date.UTC(2024, 0, 1) / 1000 }),
      nearChange: fc.boolean(),
      offsetS: fc.integer({ min: -100_000, max: 100_000 }),
      windows: fc.array(window, { minLength: 1, maxLength: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(scene, async ({ zone, atMs, nearChange, offsetS, windows }) => {
        const change = nearChange ? nextChange(zone, atMs * 1000) : undefined
        const momentMs = change === undefined ? atMs * 1000 : change + offsetS * 1000
        const found = await quietUntil(new Date(momentMs).toISOString(), zone, windows)
        assert.equal(found === null ? null : Date.parse(found), readClocks(momentMs, zone, windows))
      }),
      { numRuns: 400 },
    )
  })
})

/** The same, by trying out instants minute by minute against what Intl says that clocks show. */
function readClocks(momentMs: number, zone: string, windows: readonly TestWindow[]): number | null {
  let until: number | null = null
  for (let round = 0; round < 20; round++) {
    const at: number = until ?? momentMs
    const today = wallMs(zone, at) - (wallMs(zone, at) % DAY_MS)
    const ends = [0, 1, 2].flatMap((back) =>
      windows.flatMap(({ start, end, days }) => {
        const day = today - back * DAY_MS
        const weekday = new Date(day).getUTCDay() || 7
        if (days.length > 0 && !days.includes(weekday)) return []
        const begins = instantsOf(zone, day + start * 60_000)[0] as number
        const over = instantsOf(zone, day + (end <= start ? DAY_MS : 0) + end * 60_000).at(-1) as number
        return begins <= at && at < over ? [over] : []
      }),
    )
    if (ends.length === 0) break
    until = Math.max(...ends)
  }
  return until
}

const DAY_MS = 86_400_000

/** The instants at which clocks show a time, in order; for one that they skip, the instant as the offset before has it. */
function instantsOf(zone: string, wall: number): number[] {
  const offsets = new Set([-DAY_MS, DAY_MS].map((ms) => wallMs(zone, wall + ms) - (wall + ms)))
  const shown = [...offsets]
    .map((offset) => wall - offset)
    .filter((instant) => wallMs(zone, instant) === wall)
  if (shown.length > 0) return shown.sort((a, b) => a - b)
  const before = wallMs(zone, wall - DAY_MS) - (wall - DAY_MS)
  return [wall - before]
}

/** What clocks show, as if it were UTC. */
function wallMs(zone: string, instant: number): number {
  const parts = Object.fromEntries(
    format(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
  const { year, month, day, hour, minute, second } = parts
  return (
    Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`) +
    (((instant % 1000) + 1000) % 1000)
  )
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  formats.set(zone, made)
  return made
}

/** The first change of clocks within a year, to the second; undefined in zones without. */
function nextChange(zone: string, fromMs: number): number | undefined {
  const offset = (ms: number): number => wallMs(zone, ms) - ms
  for (let at = fromMs; at < fromMs + 366 * DAY_MS; at += DAY_MS) {
    if (offset(at) === offset(at + DAY_MS)) continue
    let [low, high] = [at, at + DAY_MS]
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2)
      if (offset(middle) === offset(low)) low = middle
      else high = middle
    }
    return Math.ceil(low / 1000) * 1000
  }
  return undefined
}
