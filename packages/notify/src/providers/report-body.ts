import { ReportMalformed } from './reports.ts'

/** Members of a JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>

/** The body of a report as a JSON object; anything else is malformed. */
export function parseReportBody(body: Buffer | string): Fields {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new ReportMalformed('The body is not JSON.', { cause })
  }
  if (!isObject(value)) throw new ReportMalformed('The body is not a JSON object.')
  return value
}

/**
 * The same of a body that is not verified yet, because its signature stands inside it; undefined when it is no JSON object,
 * which is forged rather than malformed.
 */
export function parseUnverifiedBody(body: Buffer): Fields | undefined {
  try {
    return parseReportBody(body)
  } catch (error) {
    if (error instanceof ReportMalformed) return
    throw error
  }
}

/** The value as an object; an empty one when it is something else. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {}
}

/** The first of the values that is a text with something in it. */
export function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}

/** A time as RFC 3339 or ISO 8601 writes it, in milliseconds since 1970; anything else is malformed. */
export function parseReportTime(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new ReportMalformed('An event has no time.')
  return ms
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
