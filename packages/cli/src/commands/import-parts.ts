/** As many users as the contract takes in one call. */
const MOST_USERS = 1000
/** Well below what a server takes in one request. */
const MOST_CHARACTERS = 512 * 1024

/**
 * Cuts a file of accounts into files of the same form that the API takes one by one: JSON documents and JSON lines by users, a CSV
 * by records, each part with the first line where that names the columns.
 */
export function partsOf(content: string, hasHeader: boolean): string[] {
  const text = content.replace(/^\uFEFF/, '').trim()
  if (!/^[[{]/.test(text)) return csvParts(text, hasHeader)
  const users = usersOf(text)
  if (users !== undefined) return join(users, { first: '[', between: ',', last: ']' })
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return join(lines, { first: '', between: '\n', last: '' })
}

/** The users of one JSON document, each as JSON. Undefined when it is none: then it is one object a line. */
function usersOf(text: string): string[] | undefined {
  try {
    const whole: unknown = JSON.parse(text)
    const isRealm = typeof whole === 'object' && whole !== null && 'users' in whole
    const users: unknown = isRealm ? whole.users : whole
    return (Array.isArray(users) ? users : [users]).map((user) => JSON.stringify(user))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function csvParts(text: string, hasHeader: boolean): string[] {
  const records: string[] = []
  let record = ''
  for (const line of text.split('\n')) {
    record = record === '' ? line : `${record}\n${line}`
    // A line end between quotes is part of the field: inside one, the quotes so far are odd in number.
    if ((record.split('"').length - 1) % 2 === 1) continue
    if (record.trim() !== '') records.push(record)
    record = ''
  }
  if (record !== '') records.push(record)
  const header = hasHeader ? records.shift() : undefined
  return join(records, { first: header === undefined ? '' : `${header}\n`, between: '\n', last: '' })
}

function join(
  items: readonly string[],
  { first, between, last }: Record<'first' | 'between' | 'last', string>,
) {
  const parts: string[][] = []
  let characters = MOST_CHARACTERS
  for (const item of items) {
    characters += item.length
    const current = parts.at(-1)
    if (current === undefined || current.length >= MOST_USERS || characters > MOST_CHARACTERS) {
      parts.push([item])
      characters = item.length
    } else current.push(item)
  }
  return parts.map((part) => `${first}${part.join(between)}${last}`)
}
