import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTimezone, nextLocalTime } from './local-time.ts'

const at = (text: string): number => Date.parse(text)
const told = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

describe('a local time of day', () => {
  it('comes next today or tomorrow, in the timezone’s own clock', () => {
    const nine = { hour: 9, minute: 0 }
    assert.equal(told(nextLocalTime(nine, 'Europe/Berlin', at('2026-07-01T06:59:59Z'))), '2026-07-01T07:00')
    assert.equal(told(nextLocalTime(nine, 'Europe/Berlin', at('2026-07-01T07:00:00Z'))), '2026-07-02T07:00')
    assert.equal(
      told(nextLocalTime(nine, 'America/New_York', at('2026-07-01T23:30:00Z'))),
      '2026-07-02T13:00',
    )
    assert.equal(told(nextLocalTime(nine, 'Asia/Kathmandu', at('2026-07-01T00:00:00Z'))), '2026-07-01T03:15')
    assert.equal(
      told(nextLocalTime(nine, 'Pacific/Kiritimati', at('2026-07-01T12:00:00Z'))),
      '2026-07-01T19:00',
    )
  })

  it('keeps its hour over both changes of the clocks', () => {
    const nine = { hour: 9, minute: 0 }
    // Berlin: forward on 29 March 2026, back on 25 October 2026.
    assert.equal(told(nextLocalTime(nine, 'Europe/Berlin', at('2026-03-28T09:00:00Z'))), '2026-03-29T07:00')
    assert.equal(told(nextLocalTime(nine, 'Europe/Berlin', at('2026-10-24T09:00:00Z'))), '2026-10-25T08:00')
  })

  it('is later where the clocks leave it out, and comes once where they show it twice', () => {
    const halfPastTwo = { hour: 2, minute: 30 }
    assert.equal(
      told(nextLocalTime(halfPastTwo, 'Europe/Berlin', at('2026-03-28T12:00:00Z'))),
      '2026-03-29T01:30',
    )
    const first = nextLocalTime(halfPastTwo, 'Europe/Berlin', at('2026-10-24T12:00:00Z'))
    assert.equal(told(first), '2026-10-25T00:30')
    assert.equal(told(nextLocalTime(halfPastTwo, 'Europe/Berlin', first)), '2026-10-26T01:30')
    // New York: forward on 8 March 2026.
    assert.equal(
      told(nextLocalTime(halfPastTwo, 'America/New_York', at('2026-03-08T05:00:00Z'))),
      '2026-03-08T07:30',
    )
    // Lord Howe Island moves by half an hour: forward at 02:00 on 4 October 2026.
    const quarterPastTwo = { hour: 2, minute: 15 }
    assert.equal(
      told(nextLocalTime(quarterPastTwo, 'Australia/Lord_Howe', at('2026-10-03T06:00:00Z'))),
      '2026-10-03T15:45',
    )
  })

  it('comes on its day of the week', () => {
    const monday = { hour: 8, minute: 30, weekday: 1 }
    // 1 July 2026 is a Wednesday.
    assert.equal(told(nextLocalTime(monday, 'UTC', at('2026-07-01T00:00:00Z'))), '2026-07-06T08:30')
    assert.equal(told(nextLocalTime(monday, 'UTC', at('2026-07-06T08:30:00Z'))), '2026-07-13T08:30')
    assert.equal(told(nextLocalTime(monday, 'Asia/Tokyo', at('2026-07-05T23:00:00Z'))), '2026-07-05T23:30')
  })

  it('is strictly later, in every timezone and on every day of a year', () => {
    for (const timezone of Intl.supportedValuesOf('timeZone')) {
      let ms = at('2026-01-01T00:00:00Z')
      for (let days = 0; days < 366; days += 7) {
        const next = nextLocalTime({ hour: 2, minute: 30 }, timezone, ms)
        assert.ok(next > ms && next - ms <= 25.5 * 3_600_000, `${timezone} ${told(ms)} → ${told(next)}`)
        ms += 7 * 86_400_000
      }
    }
  })

  it('knows what a timezone is', () => {
    for (const name of ['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires']) assert.ok(isTimezone(name))
    for (const name of ['', 'Berlin', 'Europe/Atlantis', '../etc']) assert.ok(!isTimezone(name), name)
  })
})
