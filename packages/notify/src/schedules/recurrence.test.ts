import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { TimingSchema } from '@mainstay/proto/notify/v1/schedules'
import fc from 'fast-check'
import { formatLocal, parseLocal, toInstant, toLocal } from './local-time.ts'
import { occurrencesIn, readRecurrence } from './recurrence.ts'

type Init = MessageInitShape<typeof TimingSchema>

const local = (text: string): number => parseLocal(text) ?? assert.fail(text)
const instant = (text: string, zone: string): string => new Date(toInstant(local(text), zone)).toISOString()

function occurrences(timing: Init, zone: string, after: string, count: number): string[] {
  const recurrence = readRecurrence(create(TimingSchema, timing), local('2026-01-01T00:00'))
  assert.ok(!Array.isArray(recurrence), JSON.stringify(recurrence))
  const found: string[] = []
  for (const { timeMs } of occurrencesIn(recurrence, zone, Date.parse(after))) {
    if (found.push(new Date(timeMs).toISOString()) === count) break
  }
  return found
}

function wrong(timing: Init): string[] {
  const recurrence = readRecurrence(create(TimingSchema, timing), local('2026-01-01T00:00'))
  return Array.isArray(recurrence) ? recurrence.map(({ field }) => field) : []
}

const cron = (value: string): Init => ({ recurrence: { case: 'cron', value } })
const rrule = (value: string, more: Init = {}): Init => ({ recurrence: { case: 'rrule', value }, ...more })

describe('times on the wall', () => {
  it('that a change of clocks skips are the first moment after it', () => {
    assert.equal(instant('2026-03-29T02:30', 'Europe/Berlin'), '2026-03-29T01:00:00.000Z')
    assert.equal(instant('2026-03-08T02:00', 'America/New_York'), '2026-03-08T07:00:00.000Z')
    assert.equal(instant('2026-10-04T02:15', 'Australia/Lord_Howe'), '2026-10-03T15:30:00.000Z')
    // Samoa skipped a whole day.
    assert.equal(instant('2011-12-30T09:00', 'Pacific/Apia'), '2011-12-30T10:00:00.000Z')
  })

  it('that come twice are the first of the two', () => {
    assert.equal(instant('2026-10-25T02:30', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z')
    assert.equal(instant('2026-11-01T01:30', 'America/New_York'), '2026-11-01T05:30:00.000Z')
  })

  it('are read back from any instant, in every kind of zone', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ]
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000 }), fc.constantFrom(...zones), (minutes, zone) => {
        const ms = minutes * 1000 * 600
        const back = toInstant(toLocal(ms, zone), zone)
        // Of an hour that comes twice the first is meant.
        assert.ok(back === ms || (back < ms && toLocal(back, zone) === toLocal(ms, zone)))
      }),
    )
  })

  it('that are on no wall are not read', () => {
    for (const text of [
      '2026-02-29T09:00',
      '2026-04-31T09:00',
      '2026-13-01T09:00',
      '2026-01-01T24:00',
      '2026-01-01',
    ]) {
      assert.equal(parseLocal(text), undefined, text)
    }
    assert.equal(formatLocal(local('2028-02-29T09:00')), '2028-02-29T09:00')
  })
})

describe('what recurs', () => {
  it('at 09:00 is at 09:00, before and after a change of clocks', () => {
    assert.deepEqual(occurrences(cron('0 9 * * *'), 'Europe/Berlin', '2026-03-27T12:00Z', 3), [
      '2026-03-28T08:00:00.000Z',
      '2026-03-29T07:00:00.000Z',
      '2026-03-30T07:00:00.000Z',
    ])
  })

  it('at 02:30 happens once on the day that skips it, and once on the day that has it twice', () => {
    assert.deepEqual(occurrences(cron('30 2 * * *'), 'Europe/Berlin', '2026-03-28T12:00Z', 2), [
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    assert.deepEqual(occurrences(cron('30 2 * * *'), 'Europe/Berlin', '2026-10-24T12:00Z', 2), [
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  it('every quarter of an hour happens once at the end of a gap, not four times', () => {
    assert.deepEqual(occurrences(cron('*/15 * * * *'), 'Europe/Berlin', '2026-03-29T00:40Z', 3), [
      '2026-03-29T00:45:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:15:00.000Z',
    ])
  })

  it('by a rule of RFC 5545: the last Friday, every other week, a count, an end', () => {
    assert.deepEqual(
      occurrences(rrule('FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0'), 'UTC', '2026-01-01T00:00Z', 2),
      ['2026-01-30T09:00:00.000Z', '2026-02-27T09:00:00.000Z'],
    )
    assert.deepEqual(
      occurrences(
        rrule('FREQ=WEEKLY;INTERVAL=2', { start: '2026-03-16T09:00' }),
        'Europe/Berlin',
        '2026-03-01T00:00Z',
        3,
      ),
      ['2026-03-16T08:00:00.000Z', '2026-03-30T07:00:00.000Z', '2026-04-13T07:00:00.000Z'],
    )
    assert.equal(occurrences(rrule('FREQ=DAILY;COUNT=3'), 'UTC', '2025-12-01T00:00Z', 9).length, 3)
    assert.equal(
      occurrences(rrule('FREQ=DAILY', { end: '2026-01-02T12:00' }), 'UTC', '2025-12-01T00:00Z', 9).length,
      2,
    )
  })

  it('begins at its start and not before', () => {
    assert.deepEqual(
      occurrences({ ...cron('0 9 * * MON'), start: '2026-06-02T00:00' }, 'UTC', '2026-01-01T00:00Z', 1),
      ['2026-06-08T09:00:00.000Z'],
    )
  })

  it('never, or nonsense, is refused at its field', () => {
    for (const value of [
      '',
      'every day',
      '0 9 * *',
      '0 9 30 2 *',
      '61 * * * *',
      '* * * * * *',
      '0 9 * * MON extra x',
    ]) {
      assert.deepEqual(wrong(cron(value)), ['cron'], value)
    }
    for (const value of [
      ...[
        'FREQ=FOO',
        'INTERVAL=2',
        'FREQ=DAILY;INTERVAL=0',
        'FREQ=DAILY;BYHOUR=99',
        'FREQ=MINUTELY',
        'FREQ=SECONDLY',
      ],
      ...[
        'FREQ=DAILY;X=1',
        'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
        'FREQ=DAILY\nEXDATE:20260101T000000Z',
        'FREQ=DAILY=1',
      ],
      // Attacks: each would be followed for seconds, and nobody else served meanwhile.
      ...[
        'FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30',
        'FREQ=HOURLY;COUNT=999999',
        'FREQ=HOURLY;INTERVAL=24;BYHOUR=5',
      ],
    ]) {
      assert.deepEqual(wrong(rrule(value)), ['rrule'], value)
    }
    assert.deepEqual(wrong({ ...cron('0 9 * * *'), start: '2026-02-30T00:00' }), ['start'])
    assert.deepEqual(wrong({ ...cron('0 9 * * *'), start: '2026-02-02T00:00', end: '2026-02-01T00:00' }), [
      'end',
    ])
  })
})
