import { readFile } from 'node:fs/promises'
import type { JsonObject } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { MessageClass } from '@mainstay/proto/notify/v1'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { details, print } from '../output.ts'
import type { Context } from '../program.ts'

interface SendFlags {
  to?: string
  recipient?: string
  subject?: string
  text?: string
  html?: string
  template?: string
  data: JsonObject
  dedupeKey?: string
  idempotencyKey?: string
  at?: Date
  class: MessageClass
}

/** `send`: one notification from the command line. */
export function addSend(program: Command, context: Context): void {
  program
    .command('send')
    .description('send one email')
    .option('--to <email>', 'the address it goes to')
    .option('--recipient <id>', 'or the id of a stored recipient')
    .option('--subject <text>', 'the subject line')
    .option('--text <text>', 'the plain text; @file reads a file')
    .option('--html <html>', 'the HTML; @file reads a file')
    .option('--template <name>', 'or the name of a stored template')
    .addOption(
      new Option('--data <key=value>', 'a value for the template; repeat it for more')
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
          data: flags.data,
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

function readTarget({ to, recipient }: SendFlags) {
  if (to && !recipient) return { case: 'email', value: to } as const
  if (recipient && !to) return { case: 'recipientId', value: recipient } as const
  throw new CommandError('Say who it is for: --to <email> or --recipient <id>.', EXIT.usage)
}

async function readContent({ template, subject, text, html }: SendFlags) {
  if (template && (subject || text || html))
    throw new CommandError('Give --template, or --subject with --text or --html, not both.', EXIT.usage)
  if (template) return { case: 'template', value: { name: template } } as const
  if (!subject || !(text || html)) {
    throw new CommandError('Say what it says: --subject with --text or --html, or --template.', EXIT.usage)
  }
  return {
    case: 'email',
    value: { subject, text: await textOrFile(text), html: await textOrFile(html) },
  } as const
}

async function textOrFile(value: string | undefined): Promise<string> {
  if (!value?.startsWith('@')) return value ?? ''
  return readFile(value.slice(1), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The file of "${value}" cannot be read (${error.code}).`, EXIT.usage)
  })
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
