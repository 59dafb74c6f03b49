import { type Expression, parseExpression } from '../expression/expression.ts'
import { ExpressionError } from '../expression/tokens.ts'
import type { Cursor } from './cursor.ts'
import {
  type ChannelStep,
  type ConditionStep,
  type DelayStep,
  type DigestStep,
  type FallbackStep,
  GOALS,
  type Step,
  type Try,
  UNKNOWNS,
  type WebhookStep,
} from './definition.ts'
import type { Recurring } from './local-time.ts'
import { LETTER_FIELDS, readLetter, readTexts } from './read-letter.ts'

/** What expressions may begin with. */
export const ROOTS: ReadonlySet<string> = new Set(['data', 'recipient', 'steps', 'items', 'count'])

const DAY_MS = 86_400_000
const ID = /^[a-z][a-z0-9_-]{0,39}$/
const MAX_NESTING = 8

type StepKind = Step['kind']

/** The fields of each kind beside `id` and `next`; the first one tells the kind. */
const KINDS: Readonly<Record<StepKind, readonly string[]>> = {
  channel: LETTER_FIELDS,
  delay: ['delay'],
  digest: ['digest'],
  condition: ['condition', 'then', 'else'],
  fallback: ['fallback'],
  webhook: ['webhook'],
}
const KIND_NAMES = Object.keys(KINDS) as StepKind[]

type Rest<S extends Step> = Omit<S, 'id' | 'next' | 'path' | 'kind'>

/** Reads a list of steps; those that are not understood are left out. */
export function readSteps(cursor: Cursor, depth: number): Step[] {
  if (!cursor.isSet) {
    cursor.fail('must be a list of at least one step')
    return []
  }
  if (depth > MAX_NESTING) {
    cursor.fail(`is nested more than ${MAX_NESTING} deep`)
    return []
  }
  const items = cursor.items()
  if (Array.isArray(cursor.value) && items.length === 0) cursor.fail('must have at least one step')
  return items.flatMap((item) => readStep(item, depth) ?? [])
}

function readStep(cursor: Cursor, depth: number): Step | undefined {
  const kinds = KIND_NAMES.filter((name) => cursor.at(name).isSet)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    return cursor.fail(`must have exactly one of ${KIND_NAMES.join(', ')}`)
  }
  cursor.fields(['id', 'next', ...KINDS[kind]])
  const says = 'must be a name like tell-by-push: lower case letters, digits, dashes, at most 40'
  const id = cursor.at('id').text({ pattern: ID, says })
  if (id === 'end') cursor.at('id').fail('must not be `end`, which is where a run ends')
  const next = cursor.at('next').isSet ? cursor.at('next').text({ pattern: ID, says }) : undefined
  const rest = read(kind, cursor, depth)
  if (id === undefined || rest === undefined) return undefined
  return { id, path: cursor.path, ...(next !== undefined && { next }), ...rest } as Step
}

function read(kind: StepKind, cursor: Cursor, depth: number): (Rest<Step> & { kind: StepKind }) | undefined {
  const made = READERS[kind](cursor, depth)
  return made === undefined ? undefined : { kind, ...made }
}

const READERS: Readonly<Record<StepKind, (cursor: Cursor, depth: number) => Rest<Step> | undefined>> = {
  channel: (cursor): Rest<ChannelStep> | undefined => readLetter(cursor),
  delay: (cursor) => readDelay(cursor.at('delay')),
  digest: (cursor) => readDigest(cursor.at('digest')),
  condition: readCondition,
  fallback: (cursor) => readFallback(cursor.at('fallback')),
  webhook: (cursor) => readWebhook(cursor.at('webhook')),
}

const SPAN = { min: 1000, max: 365 * DAY_MS, says: 'must be a time from 1s to 365d, such as 15m or 1h30m' }

function readDelay(cursor: Cursor): Rest<DelayStep> | undefined {
  if (typeof cursor.value === 'string') {
    const forMs = cursor.duration(SPAN)
    return forMs === undefined ? undefined : { delay: { forMs } }
  }
  if (cursor.fields(['for', 'until', 'before']) === undefined) return undefined
  if (cursor.at('for').isSet === cursor.at('until').isSet)
    return cursor.fail('must have either `for` or `until`')
  if (cursor.at('for').isSet) {
    if (cursor.at('before').isSet) cursor.at('before').fail('goes with `until` only')
    const forMs = cursor.at('for').duration(SPAN)
    return forMs === undefined ? undefined : { delay: { forMs } }
  }
  const read = readExpression(
    cursor.at('until'),
    'must be where the time stands, such as data.departure_time',
  )
  const beforeMs = cursor.at('before').isSet ? cursor.at('before').duration(SPAN) : 0
  if (read === undefined || beforeMs === undefined) return undefined
  return { delay: { until: read.expression, source: read.source, beforeMs } }
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

function readDigest(cursor: Cursor): Rest<DigestStep> | undefined {
  if (cursor.fields(['key', 'window', 'every', 'on', 'at']) === undefined) return undefined
  const key = readExpression(cursor.at('key'), 'must say what belongs together, such as data.order_id')
  const closes = readClosing(cursor)
  if (key === undefined || closes === undefined) return undefined
  return { key: key.expression, source: key.source, closes }
}

function readClosing(cursor: Cursor): DigestStep['closes'] | undefined {
  if (cursor.at('window').isSet === cursor.at('every').isSet) {
    return cursor.fail('must have either `window`, such as 15m, or `every` with `at`')
  }
  if (cursor.at('window').isSet) {
    for (const name of ['on', 'at']) if (cursor.at(name).isSet) cursor.at(name).fail('goes with `every` only')
    const says = 'must be a time from 1s to 30d, such as 15m or 1h30m'
    const afterMs = cursor.at('window').duration({ min: 1000, max: 30 * DAY_MS, says })
    return afterMs === undefined ? undefined : { afterMs }
  }
  const every = cursor.at('every').choice(['day', 'week'])
  const says = 'must be a local time in quotes, such as "09:00"'
  const at = cursor.at('at').text({ pattern: /^([01][0-9]|2[0-3]):[0-5][0-9]$/, says })
  const weekday = every === 'week' ? readWeekday(cursor.at('on')) : undefined
  if (every === 'day' && cursor.at('on').isSet) cursor.at('on').fail('goes with `every: week` only')
  if (at === undefined || every === undefined || (every === 'week' && weekday === undefined)) return undefined
  const [hour, minute] = at.split(':').map(Number) as [number, number]
  return { hour, minute, ...(weekday !== undefined && { weekday }) } satisfies Recurring
}

function readWeekday(cursor: Cursor): number | undefined {
  const name = cursor.choice(WEEKDAYS)
  return name === undefined ? undefined : WEEKDAYS.indexOf(name)
}

function readCondition(cursor: Cursor, depth: number): Rest<ConditionStep> | undefined {
  const read = readExpression(cursor.at('condition'), 'must be an expression, such as data.total > 100')
  if (!cursor.at('then').isSet && !cursor.at('else').isSet) {
    return cursor.fail('must have steps in `then`, `else` or both')
  }
  const branch = (name: 'then' | 'else'): Step[] =>
    cursor.at(name).isSet ? readSteps(cursor.at(name), depth + 1) : []
  const [whenMet, whenNot] = [branch('then'), branch('else')]
  if (read === undefined) return undefined
  return { condition: read.expression, source: read.source, whenMet, whenNot }
}

const MAX_TRIES = 10
const WITHIN = { min: 1000, max: 7 * DAY_MS, says: 'must be a time from 1s to 7d, such as 10m' }

function readFallback(cursor: Cursor): Rest<FallbackStep> | undefined {
  const items = cursor.items()
  if (Array.isArray(cursor.value) && (items.length < 2 || items.length > MAX_TRIES)) {
    return cursor.fail(`must be a list of 2 to ${MAX_TRIES} channels`)
  }
  const tries = items.map((item, index) => readTry(item, index === items.length - 1))
  return items.length === 0 || tries.includes(undefined) ? undefined : { tries: tries as Try[] }
}

function readTry(cursor: Cursor, isLast: boolean): Try | undefined {
  if (cursor.fields([...LETTER_FIELDS, 'until', 'within', 'unknown']) === undefined) return undefined
  const letter = readLetter(cursor)
  const within = cursor.at('within')
  const withinMs = isLast && !within.isSet ? undefined : within.duration(WITHIN)
  const until = cursor.at('until').isSet ? cursor.at('until').choice(GOALS) : 'delivered'
  const unknown = cursor.at('unknown').isSet ? cursor.at('unknown').choice(UNKNOWNS) : 'wait'
  if (letter === undefined || until === undefined || unknown === undefined) return undefined
  if (withinMs === undefined && !isLast) return undefined
  return { ...letter, until, unknown, ...(withinMs !== undefined && { withinMs }) }
}

function readWebhook(cursor: Cursor): Rest<WebhookStep> | undefined {
  if (cursor.fields(['url', 'type', 'data']) === undefined) return undefined
  const url = cursor
    .at('url')
    .text({ max: 2000, pattern: /^(https:\/\/|\{\{)/, says: 'must be a URL, https://…' })
  const typeSays = 'must say what happened, such as order.shipped'
  const type = cursor
    .at('type')
    .text({ max: 100, pattern: /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, says: typeSays })
  const data = cursor.at('data').isSet ? readTexts(cursor.at('data')) : {}
  readTexts(cursor.at('url'))
  if (url === undefined || type === undefined || data === undefined) return undefined
  return { url, type, data: data as Readonly<Record<string, unknown>> }
}

function readExpression(
  cursor: Cursor,
  says: string,
): { expression: Expression; source: string } | undefined {
  const source = cursor.text({ max: 2000, says })
  if (source === undefined) return undefined
  try {
    return { expression: parseExpression(source, ROOTS), source }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return cursor.fail(`is no expression: ${error.message}`)
  }
}
