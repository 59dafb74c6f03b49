import type { JsonObject } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { MessageClass } from '@mainstay/proto/notify/v1'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { details, print } from '../output.ts'
import type { Context } from '../program.ts'
import { CHANNELS, type ChannelName, type ContentFlags, readContent } from './send-content.ts'

interface SendFlags extends ContentFlags {
  to?: string
  recipient?: string
  dedupeKey?: string
  idempotencyKey?: string
  at?: Date
  class: MessageClass
}

/** `send`: one notification from the command line. */
export function addSend(program: Command, context: Context): void {
  program
    .command('send')
    .description('send one message')
    .option('--to <address>', 'the address it goes to: an email address, or what the channel takes')
    .addOption(
      new Option('--channel <channel>', Object.keys(CHANNELS).join(', '))
        .argParser(parseChannel)
        .default('email', 'email'),
    )
    .option('--recipient <id>', 'or the id of a stored recipient')
    .option('--subject <text>', 'the subject line')
    .option('--text <text>', 'the text; @file reads a file')
    .option('--html <html>', 'the HTML; @file reads a file')
    .option('--title <text>', 'the headline of a push or an inbox item')
    .option('--type <type>', 'what a webhook tells, for example order.shipped')
    .option('--template <name>', 'or the name of a stored template')
    .addOption(
      new Option('--data <key=value>', 'a value for the template or the webhook; repeat it for more')
        .argParser(collectData)
        .default({}, 'none'),
    )
    .option('--dedupe-key <key>', 'your name for this notification; a second one is not sent')
    .option('--idempotency-key <key>', 'your key for this call')
    .option('--at <time>', 'when to send it, for example 2030-01-31T09:00:00Z', parseTime)
    .addOption(
      new Option('--class <class>', 'otp, transactional or bulk')
        .argParser(parseClass)
        .default(MessageClass.TRANSACTIONAL, 'transactional'),
    )
    .action(async (flags: SendFlags) => {
      const target = readTarget(flags)
      const content = await readContent(flags)
      const notification = await context.mainstay().notify.sendNotification(
        {
          to: { target },
          content,
          ...(content.case === 'template' ? { data: flags.data } : {}),
          messageClass: flags.class,
          ...(flags.dedupeKey ? { dedupeKey: flags.dedupeKey } : {}),
          ...(flags.at ? { sendTime: timestampFromDate(flags.at) } : {}),
        },
        flags.idempotencyKey ? { idempotencyKey: flags.idempotencyKey } : {},
      )
      const { notificationId, messageIds, deduplicated } = notification
      print(context.output, { notificationId, messageIds, deduplicated }, () =>
        details([
          ['notification', notificationId],
          ['message', messageIds.join(', ')],
          ['note', deduplicated ? 'This dedupe key was used before: nothing new was sent.' : undefined],
        ]),
      )
    })
}

function readTarget({ to, recipient, channel }: SendFlags) {
  if (recipient && to === undefined) return { case: 'recipientId', value: recipient } as const
  // A chat's webhook may lead to one place, which needs no name.
  const address = to ?? (channel === 'chat' ? '' : undefined)
  if (address !== undefined && !recipient) return { case: CHANNELS[channel], value: address } as const
  throw new CommandError('Say who it is for: --to <address> or --recipient <id>.', EXIT.usage)
}

function parseChannel(text: string): ChannelName {
  if (Object.hasOwn(CHANNELS, text)) return text as ChannelName
  throw new InvalidArgumentError(`It is one of ${Object.keys(CHANNELS).join(', ')}.`)
}

function collectData(pair: string, data: JsonObject): JsonObject {
  const at = pair.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.')
  return { ...data, [pair.slice(0, at)]: pair.slice(at + 1) }
}

function parseTime(text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('Write it as 2030-01-31T09:00:00Z.')
  return time
}

function parseClass(text: string): MessageClass {
  const classes: Record<string, MessageClass> = {
    otp: MessageClass.OTP,
    transactional: MessageClass.TRANSACTIONAL,
    bulk: MessageClass.BULK,
  }
  const found = classes[text]
  if (found === undefined) throw new InvalidArgumentError('It is one of otp, transactional and bulk.')
  return found
}
