/**
 * A JSON value as text with the members of every object in order of their names. Numbers that JSON does not know are
 * written as JavaScript does.
 */
export function sortedJson(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const entries = value as Readonly<Record<string, unknown>>
  let text = ''
  for (const name of Object.keys(entries).sort()) {
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${sortedJson(entries[name])}`
  }
  return `{${text}}`
}
