import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AppError, newId, toTypeId } from '@mainstay/kernel'
import { createFakeClock, useTestDatabase } from '@mainstay/kernel/testing'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import {
  MisfirePolicy,
  type Schedule,
  ScheduleSchema,
  ScheduleState,
} from '@mainstay/proto/notify/v1/schedules'
import { createTimezones } from '../recipients/timezones.ts'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { planDue } from './planner.ts'
import { type RunnerDeps, runDue } from './runner.ts'
import { createSchedules, type Schedules } from './service.ts'

type Init = Exclude<MessageInitShape<typeof ScheduleSchema>, Schedule>
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BEGIN = Date.parse('2026-06-01T00:00:00Z')

describe('schedules', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let schedules: Schedules
  let clock = createFakeClock(BEGIN)
  let projectId = ''

  before(async () => {
    await database.ready()
  })

  /** A project of its own at midnight of 1 June, and what it sends: by its dedupe key, once. */
  function begin(change: Partial<Pick<RunnerDeps, 'send'>> = {}) {
    clock = createFakeClock(BEGIN)
    projectId = newId()
    schedules = createSchedules({
      ...{ db: database.db, clock, timezones: createTimezones(database.db), onChanged: () => {} },
    })
    const sent = new Map<string, SendNotificationRequest>()
    const started: string[] = []
    const calls: string[] = []
    const complaints: unknown[] = []
    const deps: RunnerDeps = {
      db: database.db,
      clock,
      async send(request, ctx) {
        calls.push(request.dedupeKey)
        assert.equal(ctx.projectId, projectId)
        if (!sent.has(request.dedupeKey)) sent.set(request.dedupeKey, request)
      },
      async startWorkflow(_ctx, { dedupeKey }) {
        started.push(dedupeKey)
      },
      logger: { error: (...words: unknown[]) => void complaints.push(words) },
      ...change,
    }
    const others: string[] = []
    return {
      sent,
      calls,
      complaints,
      started,
      deps,
      /** Lets the time pass to a moment, and does what is due then. */
      async at(text: string): Promise<string[]> {
        clock.set(text)
        await settle(deps)
        const keys = [...sent.keys()].filter((key) => !others.includes(key))
        others.push(...keys)
        return keys.map((key) => key.replace(/^schedule\/sch_\w+\//, '')).sort()
      },
    }
  }

  async function settle(deps: RunnerDeps): Promise<void> {
    while ((await planDue(deps)) > 0);
    while (await runDue(deps));
  }

  const call = (testMode = false) => testCall({ projectId, testMode, actor: 'key_ann' })

  const email: Init['action'] = {
    case: 'notification',
    value: {
      to: { target: { case: 'email', value: 'ada@example.com' } },
      content: { case: 'email', value: { subject: 'Hi', text: 'Hi' } },
    },
  }
  const toAudience: Init['action'] = {
    case: 'notification',
    value: { content: { case: 'email', value: { subject: 'Hi', text: 'Hi' } } },
  }

  const make = (init: Init) =>
    schedules.create(call(), create(ScheduleSchema, { displayName: 'Daily', action: email, ...init }))

  const daily = (more: object = {}): Init => ({
    timing: { recurrence: { case: 'cron', value: '0 9 * * *' }, ...more },
  })

  async function people(zones: Record<string, string | null>, topic?: string): Promise<void> {
    for (const [recipientId, timezone] of Object.entries(zones)) {
      await database.db.query({
        text: `INSERT INTO notify.recipients (project_id, recipient_id, email, display_name, timezone, create_time, update_time)
          VALUES ($1, $2, $3, '', $4, now(), now())`,
        values: [projectId, recipientId, `${recipientId}@example.com`, timezone],
      })
    }
    if (topic === undefined) return
    await database.db.query({
      text: `WITH t AS (INSERT INTO notify.topics (project_id, topic, display_name, description, create_time, update_time)
          VALUES ($1, $2, '', '', now(), now()))
        INSERT INTO notify.topic_members (project_id, topic, recipient_id, create_time)
        SELECT $1, $2, recipient_id, now() FROM notify.recipients WHERE project_id = $1`,
      values: [projectId, topic],
    })
  }

  const stateOf = async () => {
    const [row] = await schedules.list(call(), null, 1)
    return row
  }

  it('send at their time, once each, and not before', async () => {
    const { at } = begin()
    await make(daily())
    assert.deepEqual(await at('2026-06-01T08:59:59Z'), [])
    assert.deepEqual(await at('2026-06-01T09:00:00Z'), ['2026-06-01T09:00'])
    assert.deepEqual(await at('2026-06-01T09:00:30Z'), [])
    assert.deepEqual(await at('2026-06-02T09:00:01Z'), ['2026-06-02T09:00'])
    const row = await stateOf()
    assert.deepEqual([row?.occurrenceCount, row?.madeCount, row?.state], [2, 2, ScheduleState.ACTIVE])
  })

  it('end: once, after so many times, and at their end', async () => {
    const { at } = begin()
    await make({ timing: { recurrence: { case: 'once', value: '2026-06-01T09:00' } } })
    await make(daily({ maxOccurrences: 2 }))
    await make(daily({ end: '2026-06-02T12:00' }))
    assert.equal((await at('2026-06-01T09:00:00Z')).length, 3)
    assert.equal((await at('2026-06-02T09:00:00Z')).length, 2)
    assert.deepEqual(await at('2026-06-03T09:00:00Z'), [])
    const rows = await schedules.list(call(), null, 10)
    assert.deepEqual(
      rows.map((row) => [row.state, row.nextTime]),
      Array.from({ length: 3 }, () => [ScheduleState.ENDED, null]),
    )
  })

  it('happen once each, however many workers plan and run them at the same moment', async () => {
    const { sent, calls, deps } = begin()
    await make(daily())
    await make(daily())
    clock.set('2026-06-01T09:00:00Z')
    await Promise.all(Array.from({ length: 50 }, () => settle(deps)))
    assert.equal(sent.size, 2)
    assert.equal(calls.length, 2)
    assert.equal((await stateOf())?.occurrenceCount, 1)
  })

  it('go on where a worker died: whom it reached is asked for again by the same key, and nobody is left out', async () => {
    let deaths = 0
    const { sent, calls, deps, at } = begin()
    const zones = Object.fromEntries(
      Array.from({ length: 450 }, (_, n) => [`r${String(n).padStart(3, '0')}`, null]),
    )
    await people(zones, 'news')
    await make({ ...daily(), audience: { case: 'topic', value: 'news' }, action: toAudience })
    clock.set('2026-06-01T09:00:00Z')
    while ((await planDue(deps)) > 0);
    const dying: RunnerDeps = {
      ...deps,
      // The commit that would move the cursor never comes.
      db: {
        ...database.db,
        query: (query) => database.db.query(query),
        transaction: (fn) =>
          database.db.transaction(async (tx) => {
            await fn(tx)
            deaths++
            throw new Error('killed')
          }),
      } as RunnerDeps['db'],
    }
    for (let n = 0; n < 3; n++) await assert.rejects(runDue(dying), /killed/)
    assert.equal(deaths, 3)
    assert.equal(sent.size, 200)
    await at('2026-06-01T09:00:01Z')
    assert.equal(sent.size, 450)
    assert.equal(calls.length, 3 * 200 + 450)
    assert.equal((await stateOf())?.madeCount, 450)
  })

  it('do not wait for one that is broken, neither to be planned nor to be sent, and it says what is wrong with it', async () => {
    const { at, complaints, deps } = begin()
    const spoil = (scheduleId: string, spec: string) =>
      database.db.query({
        text: 'UPDATE notify.schedules SET spec = $2 WHERE schedule_id = $1',
        values: [scheduleId, spec],
      })
    const unplannable = await make(daily())
    const unsendable = await make(daily())
    await make(daily())
    await spoil(unplannable.scheduleId, '{"timing": 5}')
    clock.set('2026-06-01T09:00:00Z')
    while ((await planDue(deps)) > 0);
    await spoil(unsendable.scheduleId, '{"timing": 5}')
    assert.deepEqual(await at('2026-06-01T09:00:00Z'), ['2026-06-01T09:00'])
    const rows = await schedules.list(call(), null, 10)
    assert.deepEqual(
      rows.map(({ lastError, madeCount }) => [lastError !== '', madeCount]),
      [
        [false, 1],
        [true, 0],
        [true, 0],
      ],
    )
    assert.equal(complaints.length, 2)
    await spoil(unsendable.scheduleId, JSON.stringify(unsendable.spec))
    await spoil(unplannable.scheduleId, JSON.stringify(unplannable.spec))
    assert.equal((await at('2026-06-01T09:02:00Z')).length, 2, 'both go on once they are mended')
  })

  it('take turns: one with many recipients does not keep the others waiting for its end', async () => {
    const { sent, deps } = begin()
    await people(Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`r${n}`, null])), 'news')
    await make({ ...daily(), audience: { case: 'topic', value: 'news' }, action: toAudience })
    clock.set('2026-06-01T00:00:01Z')
    await make({ timing: { recurrence: { case: 'cron', value: '1 9 * * *' } } })
    clock.set('2026-06-01T09:01:00Z')
    while ((await planDue(deps)) > 0);
    await runDue(deps)
    await runDue(deps)
    assert.equal(sent.size, 201)
  })

  it('after a downtime happen as their policy says: the latest, none, or all', async () => {
    for (const [misfirePolicy, expected] of [
      [MisfirePolicy.UNSPECIFIED, ['2026-06-04T09:00']],
      [MisfirePolicy.SKIP, []],
      [MisfirePolicy.ALL, ['2026-06-01T09:00', '2026-06-02T09:00', '2026-06-03T09:00', '2026-06-04T09:00']],
    ] as const) {
      const { at } = begin()
      await make({ ...daily(), misfirePolicy })
      assert.deepEqual(await at('2026-06-04T13:00:00Z'), expected, MisfirePolicy[misfirePolicy])
      assert.deepEqual(await at('2026-06-05T09:00:00Z'), ['2026-06-05T09:00'])
    }
  })

  it('come at 09:00 of each recipient, wherever they live', async () => {
    const { at } = begin()
    await people(
      { auckland: 'Pacific/Auckland', berlin: 'Europe/Berlin', lima: 'America/Lima', nowhere: null },
      'news',
    )
    clock.set('2026-06-01T12:00:00Z')
    await make({
      ...daily({ recipientTimezone: true, timezone: 'Asia/Tokyo' }),
      ...{ audience: { case: 'topic', value: 'news' }, action: toAudience },
    })
    // In Lima it is not yet 09:00 of 1 June when the schedule is made; elsewhere it is past.
    assert.deepEqual(await at('2026-06-01T14:00:00Z'), ['2026-06-01T09:00/lima'])
    assert.deepEqual(await at('2026-06-01T21:00:00Z'), ['2026-06-02T09:00/auckland'])
    assert.deepEqual(await at('2026-06-02T00:00:00Z'), ['2026-06-02T09:00/nowhere'])
    assert.deepEqual(await at('2026-06-02T07:00:00Z'), ['2026-06-02T09:00/berlin'])
    assert.deepEqual(await at('2026-06-02T14:00:00Z'), ['2026-06-02T09:00/lima'])
    assert.deepEqual(await at('2026-06-02T20:59:00Z'), [])
    // Planned ahead, and yet what has happened is told, not what is to come.
    assert.deepEqual((await stateOf())?.lastTime, new Date('2026-06-02T14:00:00Z'))
  })

  it('start workflows as well', async () => {
    const { started, at } = begin()
    await make({
      ...daily(),
      action: {
        case: 'workflow',
        value: { workflow: 'digest', to: { target: { case: 'recipientId', value: 'ada' } } },
      },
    })
    await at('2026-06-01T09:00:00Z')
    assert.match(started.join(), /^schedule\/sch_\w+\/2026-06-01T09:00$/)
  })

  it('try again what passes, and count what stays wrong, with its reason', async () => {
    let failures = 2
    const refuse = (code: AppError['code'], reason: string) =>
      new AppError({ code, reason, message: 'not now' })
    const passing = begin({
      async send() {
        if (failures-- > 0) throw refuse('unavailable', 'notify.overloaded')
      },
    })
    await make(daily())
    await passing.at('2026-06-01T09:00:00Z')
    await passing.at('2026-06-01T09:00:10Z')
    await passing.at('2026-06-01T09:01:00Z')
    assert.equal(failures, -1)
    assert.deepEqual([(await stateOf())?.madeCount, (await stateOf())?.failedCount], [1, 0])
    const hopeless = begin({
      async send() {
        throw refuse('failed_precondition', 'notify.recipient_unreachable')
      },
    })
    await make(daily())
    await hopeless.at('2026-06-01T09:00:00Z')
    const row = await stateOf()
    assert.deepEqual([row?.madeCount, row?.failedCount, row?.lastError], [0, 1, 'not now'])
  })

  it('rest while they are paused, and make nothing up for it', async () => {
    const { at } = begin()
    const { scheduleId, version } = await make(daily())
    const id = toTypeId('sch', scheduleId)
    const set = (state: ScheduleState, etag = '') =>
      schedules.update(call(), create(ScheduleSchema, { scheduleId: id, state, etag }), ['state'])
    const paused = await set(ScheduleState.PAUSED, String(version))
    assert.deepEqual([paused.state, paused.nextTime], [ScheduleState.PAUSED, null])
    assert.deepEqual(await at('2026-06-02T10:00:00Z'), [])
    await set(ScheduleState.ACTIVE)
    assert.deepEqual(await at('2026-06-02T10:00:01Z'), [])
    assert.deepEqual(await at('2026-06-03T09:00:00Z'), ['2026-06-03T09:00'])
    await assert.rejects(set(ScheduleState.PAUSED, String(version)), { reason: 'notify.etag_mismatch' })
    await schedules.delete(call(), id)
    assert.deepEqual(await at('2026-06-04T09:00:00Z'), [])
    await assert.rejects(schedules.get(call(), id), { reason: 'notify.schedule_not_found' })
  })

  it('are refused with every field that is wrong, also where only that is changed', async () => {
    begin()
    const fieldsOf = async (asked: () => Promise<unknown>): Promise<string[]> => {
      try {
        await asked()
      } catch (error) {
        assert.ok(error instanceof AppError)
        return error.violations.map(({ field }) => field)
      }
      return []
    }
    const fields = (init: Init) => fieldsOf(() => make(init))
    const scheduleId = toTypeId('sch', (await make(daily())).scheduleId)
    const change = (init: Init, path: string) =>
      fieldsOf(() => schedules.update(call(), create(ScheduleSchema, { ...init, scheduleId }), [path]))
    const long = 'x'.repeat(1_000_000)
    assert.deepEqual(await change({ displayName: long }, 'display_name'), ['schedule.displayName'])
    assert.deepEqual(await change({ audience: { case: 'topic', value: long } }, 'topic'), [
      'schedule.notification.to',
    ])
    const letter = (subject: string): Init => ({
      action: {
        case: 'notification',
        value: {
          to: { target: { case: 'email', value: 'ada@example.com' } },
          content: { case: 'email', value: { subject, text: 'x' } },
        },
      },
    })
    for (const subject of [long, 'a\r\nBcc: eve@example.com']) {
      assert.deepEqual(await change(letter(subject), 'notification'), ['schedule.notification.email.subject'])
      assert.deepEqual(await fields({ ...daily(), ...letter(subject) }), [
        'schedule.notification.email.subject',
      ])
    }
    const byTopic = { case: 'topic', value: 'news' } as const
    const mine = { case: 'notification', value: { ...email.value, dedupeKey: 'mine' } } as const
    for (const [init, field] of [
      [daily({ timezone: 'Mars/Olympus' }), 'timing.timezone'],
      [{ timing: { recurrence: { case: 'cron', value: 'x' } } }, 'timing.cron'],
      [{ timing: { recurrence: { case: 'once', value: '2026-05-31T09:00' } } }, 'timing.once'],
      [{ ...daily(), audience: byTopic }, 'notification.to'],
      [{ ...daily(), action: toAudience }, 'notification.to'],
      [{ ...daily(), action: { case: undefined } }, 'notification'],
      [{ ...daily(), action: mine }, 'notification.dedupeKey'],
    ] as const) {
      assert.deepEqual(await fields(init as Init), [`schedule.${field}`])
    }
  })

  it('say when they would happen', async () => {
    begin()
    const { timing } = create(ScheduleSchema, daily({ timezone: 'europe/berlin' }))
    assert.ok(timing !== undefined)
    const found = await schedules.preview(timing, 2)
    assert.deepEqual(
      found.map(({ timeMs }) => timeMs - BEGIN),
      [7 * HOUR_MS, 31 * HOUR_MS],
    )
  })

  it('are of the mode of who made them: a test key sees and sends test ones only', async () => {
    begin()
    await make(daily())
    assert.deepEqual(await schedules.list(call(true), null, 10), [])
  })
})
