import { toJson } from '@bufbuild/protobuf'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import { type Schedule, ScheduleSchema, ScheduleState } from '@mainstay/proto/notify/v1/schedules'
import type { Command } from 'commander'
import { print, table } from '../output.ts'
import type { Context } from '../program.ts'
import { readMessage, readSource } from '../source.ts'

/** `schedules`: list, create, pause, resume, delete. */
export function addSchedules(program: Command, context: Context): void {
  const schedules = program
    .command('schedules')
    .description('what happens at a time, once or again and again')
  const { output } = context

  schedules
    .command('list')
    .description('the newest schedules, and when they happen next')
    .action(async () => {
      const found: Schedule[] = []
      for await (const one of context.mainstay().schedules.listSchedules({ pageSize: 500 })) found.push(one)
      if (output.json) for (const one of found) output.write(JSON.stringify(toJson(ScheduleSchema, one)))
      else if (found.length === 0)
        output.write('No schedules. Make one: mainstay schedules create FILE.json, or in the console.')
      else output.write(table(['schedule', 'state', 'when', 'next', 'sent', 'name'], found.map(row)))
    })

  schedules
    .command('create <file>')
    .description("a schedule from a file of JSON, as the API's Schedule; - reads standard input")
    .action(async (file: string) => {
      const schedule = readMessage(ScheduleSchema, file, await readSource(file))
      tell(context, await context.mainstay().schedules.createSchedule({ schedule }))
    })

  for (const [verb, state, description] of [
    ['pause', ScheduleState.PAUSED, 'it does not happen until it is resumed'],
    ['resume', ScheduleState.ACTIVE, 'it happens again, from its next time on'],
  ] as const) {
    schedules
      .command(`${verb} <schedule-id>`)
      .description(description)
      .action(async (scheduleId: string) => {
        const request = { schedule: { scheduleId, state }, updateMask: { paths: ['state'] } }
        tell(context, await context.mainstay().schedules.updateSchedule(request))
      })
  }

  schedules
    .command('delete <schedule-id>')
    .description('it never happens again; what it has sent stays')
    .action(async (scheduleId: string) => {
      await context.mainstay().schedules.deleteSchedule({ scheduleId })
      print(output, { scheduleId }, () => `${scheduleId} is deleted`)
    })
}

function tell({ output }: Context, schedule: Schedule): void {
  print(output, toJson(ScheduleSchema, schedule), () => {
    const next = nextOf(schedule)
    return `${schedule.scheduleId} is ${stateName(schedule)}${next === '' ? '' : `, next at ${next}`}`
  })
}

function row(schedule: Schedule): string[] {
  const { scheduleId, timing, madeCount, displayName } = schedule
  const when = `${timing?.recurrence.value ?? ''}, ${timing?.timezone || 'UTC'}`
  return [scheduleId, stateName(schedule), when, nextOf(schedule), String(madeCount), displayName]
}

function nextOf({ nextTime }: Schedule): string {
  return nextTime === undefined ? '' : timestampDate(nextTime).toISOString()
}

function stateName({ state }: Schedule): string {
  return (ScheduleState[state] ?? 'unspecified').toLowerCase()
}
