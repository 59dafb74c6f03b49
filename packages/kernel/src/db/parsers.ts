import pg from 'pg'

/**
 * How PostgreSQL's types arrive in JavaScript, for our pools only (the driver's global table stays untouched,
 * since libraries with pools of their own rely on it).
 *
 * - `int8`, and so `count(*)` and `sum(int)`: bigint. A number would round silently above 2^53, and the default,
 *   text, compares and adds wrongly. Cast to `int4` in SQL where a number is meant.
 * - `date` and `timestamp` without a zone: text. The driver's default is local midnight of the server's zone.
 * - `timestamptz`: Date (milliseconds). `numeric`: text. `bytea`: Buffer. `json`/`jsonb`: parsed.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const ours = format === 'binary' ? undefined : PARSERS.get(oid)
    return (
      ours ??
      (format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text'))
    )
  },
}

const asText = (text: string): string => text
const TEXT_ARRAY = 1009
const asTextArray: (text: string) => unknown[] = pg.types.getTypeParser(TEXT_ARRAY as number, 'text')
const asBigints = (text: string): unknown[] =>
  asTextArray(text).map((item) => (typeof item === 'string' ? BigInt(item) : item))

const PARSERS = new Map<number, (text: string) => unknown>([
  [20, BigInt], // int8
  [1016, asBigints], // int8[]
  [1082, asText], // date
  [1182, asTextArray], // date[]
  [1114, asText], // timestamp
  [1115, asTextArray], // timestamp[]
])
