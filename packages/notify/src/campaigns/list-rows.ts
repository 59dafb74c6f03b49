import type { FieldViolation } from '@mainstay/kernel'
import { hasControlCharacters, normaliseAddress } from '../providers/mailboxes.ts'
import { isPhoneNumber } from '../providers/phone-numbers.ts'
import type { Timezones } from '../recipients/timezones.ts'
import { CsvProblem, readCsv } from './csv.ts'

/** One row of a list, checked. */
export interface ListRow {
  line: number
  recipientId: string | null
  address: string | null
  /** Of the contract: what the address is looked up by depends on it. */
  channel: number
  locale: string | null
  timezone: string | null
  data: Readonly<Record<string, string>>
}

/** A row that is refused, and why. */
export interface Refusal {
  line: number
  column: string
  detail: string
}

export interface ReadList {
  rows: ListRow[]
  refusals: Refusal[]
}

/** Rows that one call may bring. */
const MOST_ROWS = 10_000

/** Columns that name whom a row is for, and the channel that `address_key` is made for. */
const TARGETS: Readonly<
  Record<string, { channel: number; check(text: string): string | undefined; must: string }>
> = {
  recipient_id: {
    channel: 0,
    check: (text) => (text.length <= 128 && !hasControlCharacters(text) ? text : undefined),
    must: 'must be the id of a recipient, of at most 128 characters',
  },
  email: { channel: 1, check: normaliseAddress, must: 'must be one email address' },
  phone: {
    channel: 2,
    check: (text) => (isPhoneNumber(text) ? text : undefined),
    must: 'must be a phone number in E.164, such as +491701234567',
  },
  device_token: {
    channel: 4,
    check: (text) => (Buffer.byteLength(text) <= 2000 && !text.includes('\0') ? text : undefined),
    must: 'must be a device token of at most 2,000 bytes',
  },
  chat: {
    channel: 5,
    check: (text) => (text.length <= 200 && !hasControlCharacters(text) ? text : undefined),
    must: 'must be a place in a chat, of at most 200 characters',
  },
  url: { channel: 6, check: checkUrl, must: 'must be a URL that begins with https://' },
}

function checkUrl(text: string): string | undefined {
  if (Buffer.byteLength(text) > 2000 || !URL.canParse(text)) return undefined
  return /^https?:$/.test(new URL(text).protocol) ? text : undefined
}

/**
 * Reads a part of a list. What is wrong with the header makes all of it worthless, and is told as violations; a wrong row is refused
 * by itself. `firstLine` is the line of the file that the first row stands in.
 */
export async function readList(
  csv: string,
  firstLine: number,
  timezones: Timezones,
): Promise<ReadList | { violations: FieldViolation[] }> {
  const records = readCsv(csv)
  const offset = (firstLine || 2) - 2
  const read: ReadList = { rows: [], refusals: [] }
  let count = 0
  try {
    const header = records.next().value as { values: string[] } | undefined
    const columns = header?.values ?? []
    const violations = checkHeader(columns)
    if (violations.length > 0)
      return { violations: violations.map((description) => ({ field: 'csv', description })) }
    const target = columns.findIndex((name) => Object.hasOwn(TARGETS, name))
    for (const { values, line } of records) {
      if (++count > MOST_ROWS) {
        return {
          violations: [{ field: 'csv', description: `has more than ${MOST_ROWS} rows: send it in parts` }],
        }
      }
      const row = await readRow(columns, target, values, line + offset, timezones)
      if ('detail' in row) read.refusals.push(row)
      else read.rows.push(row)
    }
  } catch (error) {
    if (!(error instanceof CsvProblem)) throw error
    const description = `line ${error.line + offset}: ${error.message}`
    return { violations: [{ field: 'csv', description }] }
  }
  return read
}

function checkHeader(columns: readonly string[]): string[] {
  const wrong = columns.filter((name) => !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
  const twice = columns.filter((name, index) => columns.indexOf(name) !== index)
  const targets = columns.filter((name) => Object.hasOwn(TARGETS, name))
  return [
    ...wrong.map((name) => `the header has a column \`${name}\`: names are letters, digits and _`),
    ...twice.map((name) => `the header has the column \`${name}\` twice`),
    ...(targets.length === 1
      ? []
      : [`the header must have exactly one of the columns ${Object.keys(TARGETS).join(', ')}`]),
    ...(columns.length > 100 ? ['the header has more than 100 columns'] : []),
  ]
}

async function readRow(
  columns: readonly string[],
  target: number,
  values: readonly string[],
  line: number,
  timezones: Timezones,
): Promise<ListRow | Refusal> {
  if (values.length !== columns.length) {
    return { line, column: '', detail: `has ${values.length} values where the header has ${columns.length}` }
  }
  const column = columns[target] ?? ''
  const kind = TARGETS[column]
  const given = values[target]?.trim() ?? ''
  const found = given === '' ? undefined : kind?.check(given)
  if (kind === undefined || found === undefined) {
    return { line, column, detail: given === '' ? 'is empty' : (kind?.must ?? '') }
  }
  const data: Record<string, string> = {}
  for (const [index, name] of columns.entries()) {
    const value = values[index] ?? ''
    if (value.includes('\0')) return { line, column: name, detail: 'must not hold the character U+0000' }
    if (index !== target && name !== 'locale' && name !== 'timezone') data[name] = value
  }
  const at = (name: string): string => values[columns.indexOf(name)]?.trim() ?? ''
  const locale = at('locale')
  if (locale !== '' && !/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(locale)) {
    return { line, column: 'locale', detail: 'must be a language in BCP 47, such as pt-BR' }
  }
  const timezone = at('timezone') === '' ? null : await timezones.find(at('timezone'))
  if (timezone === undefined) {
    return {
      line,
      column: 'timezone',
      detail: 'must be a timezone of the IANA database, such as Europe/Berlin',
    }
  }
  const isRecipient = kind.channel === 0
  return {
    line,
    recipientId: isRecipient ? found : null,
    address: isRecipient ? null : found,
    channel: kind.channel,
    locale: locale === '' ? null : locale,
    timezone,
    data,
  }
}
