import { isUtf8 } from 'node:buffer'
import { refuse } from '../errors.ts'

/** JSON from a body, and how many object members its text writes. */
export interface ParsedJson {
  value: unknown
  members: number
}

/**
 * Parses a JSON body. It must be UTF-8 (RFC 8259 §8.1), and nest no deeper than `maxDepth`: that is counted in the text
 * first, so that a body of nothing but brackets never becomes a tree. An empty body is an empty object, so that a
 * method without arguments can be called without one.
 */
export function parseJson(body: Buffer, maxDepth: number): ParsedJson {
  if (body.length === 0) return { value: {}, members: 0 }
  if (!isUtf8(body)) throw refuse('rpc.body_malformed', 'The body is not UTF-8.')
  const text = body.toString('utf8')
  const members = countMembers(text, maxDepth)
  try {
    return { value: JSON.parse(text), members }
  } catch (cause) {
    throw refuse('rpc.body_malformed', 'The body is not JSON.', { cause })
  }
}

/**
 * Counts the colons outside strings, which in valid JSON is the number of members written. `JSON.parse` keeps only the
 * last of several members with one name, so a tree with fewer members than colons tells of duplicates.
 */
function countMembers(text: string, maxDepth: number): number {
  let members = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 34 /* " */:
        i = endOfString(text, i + 1)
        break
      case 58 /* : */:
        members++
        break
      case 91 /* [ */:
      case 123 /* { */:
        if (++depth > maxDepth) {
          throw refuse(
            'rpc.body_too_deep',
            `The body nests objects and lists deeper than ${maxDepth} levels.`,
          )
        }
        break
      case 93 /* ] */:
      case 125 /* } */:
        depth--
        break
    }
  }
  return members
}

/** The index of the quote that ends the string whose first character is at `from`; the text's length if none does. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = end
    while (escapes > from && text.charCodeAt(escapes - 1) === 92 /* \ */) escapes--
    if ((end - escapes) % 2 === 0) return end
  }
  return text.length
}

/** The first member that stands twice in one object, by its JSON path. Slow: only for a body known to hold one. */
export function findDuplicate(text: string): string {
  const open: { path: string; names: Set<string>; index: number; isList: boolean }[] = []
  let name = ''
  const place = (): string => {
    const top = open.at(-1)
    if (top === undefined) return ''
    if (top.isList) return `${top.path}[${top.index}]`
    return top.path === '' ? name : `${top.path}.${name}`
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    const top = open.at(-1)
    if (character === '"') {
      const end = endOfString(text, i + 1)
      COLON.lastIndex = end + 1
      const isName = top !== undefined && !top.isList && COLON.test(text)
      if (isName) {
        name = JSON.parse(text.slice(i, end + 1)) as string
        if (top.names.has(name)) return place()
        top.names.add(name)
      }
      i = end
    } else if (character === '{' || character === '[') {
      open.push({ path: place(), names: new Set(), index: 0, isList: character === '[' })
    } else if (character === '}' || character === ']') open.pop()
    else if (character === ',' && top?.isList) top.index++
  }
  return ''
}

const COLON = /[ \t\r\n]*:/y
