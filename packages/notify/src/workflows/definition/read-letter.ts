import type { DescMessage } from '@bufbuild/protobuf'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { MESSAGE_CHANNELS, type MessageChannel } from '../../providers/outgoing.ts'
import { NO_SENTENCES } from '../../templates/icu-messages.ts'
import { createEngine } from '../../templates/liquid.ts'
import type { Problem as LiquidProblem } from '../../templates/problems.ts'
import { type Cursor, isRecord } from './cursor.ts'
import { type Letter, MESSAGE_CLASSES } from './definition.ts'

export const LETTER_FIELDS = ['channel', 'template', 'content', 'class', 'ttl'] as const

/** A webhook has a kind of step of its own. */
const CHANNELS = MESSAGE_CHANNELS.filter((name) => name !== 'webhook')

/** Reads what is said over which channel; the caller has looked at which fields there are. */
export function readLetter(cursor: Cursor): Letter | undefined {
  const channel = cursor.at('channel').choice(CHANNELS)
  const messageClass = cursor.at('class').isSet ? cursor.at('class').choice(MESSAGE_CLASSES) : undefined
  const ttl = cursor.at('ttl')
  const says = 'must be a time from 1s to 30d, such as 1h'
  const ttlMs = ttl.isSet ? ttl.duration({ min: 1000, max: 30 * 86_400_000, says }) : undefined
  const [template, content] = [cursor.at('template'), cursor.at('content')]
  if (template.isSet === content.isSet) return cursor.fail('must have either `template` or `content`')
  const said = template.isSet ? readTemplate(template) : readContent(content, channel)
  if (channel === undefined || said === undefined) return undefined
  return {
    channel,
    ...said,
    ...(messageClass !== undefined && { messageClass }),
    ...(ttlMs !== undefined && { ttlMs }),
  }
}

function readTemplate(cursor: Cursor): Pick<Letter, 'template'> | undefined {
  const says = 'must be the name of a template, or an object with `name` and `version`'
  if (typeof cursor.value === 'string') {
    const name = cursor.text({ max: 64, says })
    return name === undefined ? undefined : { template: { name, version: 0 } }
  }
  if (!isRecord(cursor.value)) return cursor.fail(says)
  cursor.fields(['name', 'version'])
  const name = cursor.at('name').text({ max: 64 })
  const { value: version = 0 } = cursor.at('version')
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0 || version > 2_147_483_647) {
    return cursor.at('version').fail('must be a whole number, 0 being the newest')
  }
  return name === undefined ? undefined : { template: { name, version } }
}

/** Content in the form that SendNotification takes for the channel; what it says is in Liquid. */
function readContent(
  cursor: Cursor,
  channel: MessageChannel | undefined,
): Pick<Letter, 'content'> | undefined {
  const schema = channel === undefined ? undefined : contentOf(channel)
  if (schema === undefined) return undefined
  const names = schema.fields.map((field) => field.jsonName)
  if (cursor.fields(names) === undefined) return undefined
  const content = readTexts(cursor)
  if (content === undefined) return undefined
  const needed = NEEDED[channel ?? 'email']
  if (needed !== undefined && !needed.some((name) => cursor.at(name).isSet)) {
    return cursor.fail(`must have ${needed.join(' or ')}`)
  }
  if (channel === 'email' && !cursor.at('subject').isSet) return cursor.at('subject').fail('must be a text')
  return { content: content as Readonly<Record<string, unknown>> }
}

const NEEDED: Readonly<Partial<Record<MessageChannel, readonly string[]>>> = {
  email: ['text', 'html'],
  sms: ['text'],
  whatsapp: ['text', 'template'],
  push: ['body'],
  chat: ['text'],
  inbox: ['title'],
}

function contentOf(channel: MessageChannel): DescMessage | undefined {
  return SendNotificationRequestSchema.fields.find((field) => field.localName === channel)?.message
}

const reader = createEngine({ html: false, files: {}, translator: NO_SENTENCES })

/** Any JSON whose texts are Liquid; undefined where one is not. */
export function readTexts(cursor: Cursor): unknown {
  const { value } = cursor
  if (typeof value === 'string') {
    const problems: LiquidProblem[] = []
    reader.parse(value, '', problems)
    for (const { description, line, column } of problems) {
      cursor.fail(line > 0 ? `${description}, line ${line}, column ${column} of the text` : description)
    }
    if (value.includes('\0')) cursor.fail('must not hold the character U+0000')
    return problems.length > 0 ? undefined : value
  }
  if (Array.isArray(value)) {
    const items = cursor.items().map(readTexts)
    return items.includes(undefined) ? undefined : items
  }
  if (!isRecord(value)) return value ?? null
  const read = Object.keys(value).map((name) => [name, readTexts(cursor.at(name))] as const)
  return read.some(([, one]) => one === undefined) ? undefined : Object.fromEntries(read)
}
