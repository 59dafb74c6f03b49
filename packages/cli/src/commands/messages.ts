import { toJson } from '@bufbuild/protobuf'
import { durationMs, timestampDate } from '@bufbuild/protobuf/wkt'
import {
  type Message,
  MessageSchema,
  MessageState,
  type Timeline,
  type TimelineEntry,
  TimelineSchema,
} from '@mainstay/proto/notify/v1'
import { type Command, InvalidArgumentError } from 'commander'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'

interface ListFlags {
  state: MessageState[]
  to?: string
  limit: number
}

/** `messages`: list, get, watch, cancel. */
export function addMessages(program: Command, context: Context): void {
  const messages = program.command('messages').description('see what became of messages')
  const { output } = context

  messages
    .command('list')
    .description('the newest messages')
    .option('--state <state>', 'only in this state; repeat it for more', collectState, [])
    .option('--to <email>', 'only to this address')
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(async (flags: ListFlags) => {
      const found: Message[] = []
      const filter = filterOf(flags)
      for await (const message of context
        .mainstay()
        .notify.listMessages({ filter, pageSize: Math.min(flags.limit, 500) })) {
        if (found.push(message) >= flags.limit) break
      }
      if (output.json) for (const message of found) output.write(asJson(message))
      else if (found.length === 0)
        output.write('No messages. Send one: mainstay send --to you@example.com --subject Hi --text Hello')
      else output.write(table(['message', 'state', 'class', 'to', 'subject', 'created'], found.map(row)))
    })

  messages
    .command('get <message-id>')
    .description('one message and its timeline')
    .action(async (messageId: string) => {
      const timeline = await context.mainstay().notify.getTimeline({ messageId })
      if (output.json) output.write(JSON.stringify(toJson(TimelineSchema, timeline)))
      else output.write(renderTimeline(timeline))
    })

  messages
    .command('watch')
    .description('every change as it happens, until Ctrl-C')
    .option('--state <state>', 'only in this state; repeat it for more', collectState, [])
    .option('--to <email>', 'only to this address')
    .action(async (flags: ListFlags) => {
      const changes = context
        .mainstay()
        .notify.watchMessages({ filter: filterOf(flags) }, { signal: context.signal })
      for await (const { message } of changes) {
        if (!message) continue
        output.write(output.json ? asJson(message) : row(message).join('  '))
      }
    })

  messages
    .command('cancel <message-id>')
    .description('cancel a message that has not been handed to a provider')
    .action(async (messageId: string) => {
      const message = await context.mainstay().notify.cancelMessage({ messageId })
      print(
        output,
        toJson(MessageSchema, message),
        () => `${message.messageId} is ${stateName(message.state)}`,
      )
    })
}

function filterOf({ state, to }: Pick<ListFlags, 'state' | 'to'>) {
  return { states: state, ...(to ? { to } : {}) }
}

function asJson(message: Message): string {
  return JSON.stringify(toJson(MessageSchema, message))
}

function row(message: Message): string[] {
  const created = message.createTime ? timestampDate(message.createTime).toISOString() : ''
  return [
    message.messageId,
    stateName(message.state),
    String(message.messageClass === 1 ? 'otp' : message.messageClass === 3 ? 'bulk' : 'transactional'),
    message.to,
    message.subject,
    created,
  ]
}

function stateName(state: MessageState): string {
  return (MessageState[state] ?? 'unspecified').toLowerCase()
}

function renderTimeline({ message, entries }: Timeline): string {
  const head = message
    ? details([
        ['message', message.messageId],
        ['state', stateName(message.state) + (message.possibleDuplicate ? ' (possible duplicate)' : '')],
        ['to', message.to],
        ['subject', message.subject],
        ['detail', message.statusDetail],
        ['trace', message.traceId],
      ])
    : ''
  return [head, '', ...entries.map(renderEntry)].join('\n')
}

function renderEntry(entry: TimelineEntry): string {
  const time = entry.time ? timestampDate(entry.time).toISOString().slice(11, 23) : ''.padEnd(12)
  const took = entry.duration ? `${Math.round(durationMs(entry.duration))} ms` : ''
  const line = `${time}  ${took.padStart(9)}  ${entry.title}`
  return entry.detail ? `${line}\n${''.padEnd(25)}${entry.detail}` : line
}

function collectState(text: string, states: MessageState[]): MessageState[] {
  const state = MessageState[text.toUpperCase() as keyof typeof MessageState]
  if (state === undefined || state === MessageState.UNSPECIFIED) {
    const names = Object.keys(MessageState).filter((name) => /^[A-Z]/.test(name) && name !== 'UNSPECIFIED')
    throw new InvalidArgumentError(`It is one of ${names.join(', ').toLowerCase()}.`)
  }
  return [...states, state]
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return count
}
