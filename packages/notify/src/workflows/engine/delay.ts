/** A time that data says, in milliseconds since 1970: RFC 3339 with its offset. Undefined: it is none. */
export function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !RFC_3339.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

/** `31 January 2030, 09:00:00 UTC` */
export function tellTime(ms: number): string {
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })
  return `${text.format(ms).replace(' at ', ', ')} UTC`
}
