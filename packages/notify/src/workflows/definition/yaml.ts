import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import type { Path, Problem } from './definition.ts'

/** Where something stands in the YAML, from 1 on. */
export interface Position {
  line: number
  column: number
}

/** A definition that was read from YAML: its value, and where each part of it stands. */
export interface YamlSource {
  value: unknown
  /** What is no YAML at all; the value counts for nothing then. */
  problems: (Problem & Position)[]
  /** Where a path stands, or the nearest that there is on the way to it. */
  locate(path: Path): Position
}

/** As often as anchors may be repeated in all: what keeps a few lines from meaning gigabytes. */
const MAX_ALIASES = 100

/**
 * Words, marks, line ends and spaces that a text may have. The largest workflow has a tenth of it. The library takes time for each,
 * and nobody else is served meanwhile: 256 KiB of commas took more than a second.
 */
const MAX_WORDS = 50_000

/** As deep as `[` and `{` may stand in each other. The library calls itself for each, until there is no more room. */
const MAX_BRACKETS = 100

/** What is wrong with a text is told so often at the most. */
const MAX_PROBLEMS = 100

/** Reads YAML 1.2 with its core schema: plain values only, no tags that make anything else. */
export function readYaml(text: string): YamlSource {
  const tooMuch = measure(text)
  if (tooMuch !== undefined) {
    const start = { line: 1, column: 1 }
    return {
      value: undefined,
      problems: [{ path: [], description: tooMuch, ...start }],
      locate: () => start,
    }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    version: '1.2',
    // Its own check compares each key with every other: a minute for 256 KiB of them.
    uniqueKeys: false,
    stringKeys: true,
    customTags: [],
    prettyErrors: false,
  })
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problems = [...document.errors, ...document.warnings]
    .slice(0, MAX_PROBLEMS)
    .map(({ message, pos }) => ({ path: [], description: message, ...position(pos[0]) }))
  const locate = (path: Path): Position => position(offsetOf(document.contents, path))
  if (problems.length > 0) return { value: undefined, problems, locate }
  try {
    for (const { key, offset } of findDoubleKeys(document).slice(0, MAX_PROBLEMS)) {
      problems.push({ path: [], description: `has the key \`${key}\` twice`, ...position(offset) })
    }
    if (problems.length > 0) return { value: undefined, problems, locate }
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problems, locate }
  } catch (error) {
    // An alias that holds itself, or too many of them: the library says so by ReferenceError.
    const description = error instanceof ReferenceError ? `${error.message}: write it out` : 'cannot be read'
    return { value: undefined, problems: [{ path: [], description, line: 1, column: 1 }], locate }
  }
}

/** Undefined: it is as small as it has to be. Reads no further than it may be long. */
function measure(text: string): string | undefined {
  let [words, aliases, depth] = [0, 0, 0]
  let previous = ''
  for (const word of new Lexer().lex(text)) {
    if (++words > MAX_WORDS) return `has more than ${MAX_WORDS} words, marks and spaces`
    // What follows the sign of a scalar is text, whatever it begins with.
    const isText = previous === SCALAR_FOLLOWS
    previous = word
    if (isText) continue
    if (word.startsWith('*') && ++aliases > MAX_ALIASES) {
      return `repeats anchors more than ${MAX_ALIASES} times: write it out`
    }
    if (word === '[' || word === '{') depth++
    else if (word === ']' || word === '}') depth--
    if (depth > MAX_BRACKETS) return `is nested more than ${MAX_BRACKETS} deep`
  }
  return undefined
}

/** What the lexer puts before every scalar. */
const SCALAR_FOLLOWS = '\u001f'

/** Keys that a map has already, and where they stand. */
function findDoubleKeys(document: Document.Parsed): { key: string; offset: number }[] {
  const doubles: { key: string; offset: number }[] = []
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (seen.has(name)) doubles.push({ key: name.slice(0, 64), offset: startOf(key) })
        seen.add(name)
      }
    },
  })
  return doubles
}

function offsetOf(contents: unknown, path: Path): number {
  let node = contents
  let offset = startOf(node)
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) return offset
      offset = startOf(pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(part)]
      if (item === undefined) return offset
      offset = startOf(item)
      node = item
    } else return offset
  }
  return offset
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}
