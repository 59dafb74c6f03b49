import type { FieldViolation } from '@mainstay/kernel'
import { isCountry } from './countries.ts'

/** One line of a price list; the account is as the caller wrote it, `pac_…`. */
export interface PriceLine {
  account: string
  country: string
  prefix: string
  micros: number
  /** From 1 on: the header's. */
  line: number
}

const HEADER = 'account,country,prefix,price'

/** Told at most: a file with the wrong separator is wrong in every line. */
const MOST_VIOLATIONS = 100

/**
 * Reads a price list: the header `account,country,prefix,price` and one price a line, in UTF-8, with LF or CRLF. No value of
 * it can hold a comma, so there is no quoting: a quote is a mistake. Empty lines at the end are passed over.
 *
 * Everything wrong is told, with the number of its line, and then nothing is taken.
 */
export function parsePriceCsv(csv: string): { lines: PriceLine[] } | { violations: FieldViolation[] } {
  const violations: FieldViolation[] = []
  const refuse = (line: number, what: string): void => {
    violations.push({ field: 'csv', description: `line ${line}: ${what}` })
  }
  const [first = '', ...rest] = withoutEnd(csv).split('\n')
  if (trimEnd(first) !== HEADER) refuse(1, `must be the header \`${HEADER}\``)
  const lines: PriceLine[] = []
  const seen = new Map<string, number>()
  for (const [index, text] of rest.entries()) {
    if (violations.length >= MOST_VIOLATIONS) break
    const line = index + 2
    const read = readLine(trimEnd(text))
    if (typeof read === 'string') {
      refuse(line, read)
      continue
    }
    const key = `${read.account},${read.country},${read.prefix}`
    const earlier = seen.get(key)
    if (earlier !== undefined) refuse(line, `says again what line ${earlier} says the price of`)
    seen.set(key, line)
    lines.push({ ...read, line })
  }
  if (rest.length === 0 && violations.length === 0) refuse(2, 'must be a price: the list is empty')
  return violations.length > 0 ? { violations } : { lines }
}

function readLine(text: string): Omit<PriceLine, 'line'> | string {
  const values = text.split(',')
  if (values.length !== 4) return `must have 4 values, has ${text === '' ? 0 : values.length}`
  const [account = '', country = '', prefix = '', price = ''] = values
  if (!/^pac_[0-9a-z]{26}$/.test(account)) return '`account` must be the id of a provider account, `pac_…`'
  if (country !== '' && !isCountry(country))
    return '`country` must be empty or ISO 3166-1 alpha-2, such as `DE`'
  if (prefix !== '' && !/^\+[1-9][0-9]{0,14}$/.test(prefix)) {
    return '`prefix` must be empty or the first digits of numbers, such as `+4917`'
  }
  if (prefix !== '' && country !== '') return '`country` must be empty where `prefix` is given'
  const micros = readPrice(price)
  if (micros === undefined)
    return '`price` must be a decimal such as `0.0079`, with at most 6 digits after the point'
  return { account, country, prefix, micros }
}

/** In millionths; whole numbers all the way, so that nothing is rounded. */
function readPrice(text: string): number | undefined {
  const match = /^(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,6}))?$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
}

function withoutEnd(csv: string): string {
  return csv.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '')
}

function trimEnd(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
