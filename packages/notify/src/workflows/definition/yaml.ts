import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
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

/** Reads YAML 1.2 with its core schema: plain values only, no tags that make anything else. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    version: '1.2',
    uniqueKeys: true,
    stringKeys: true,
    customTags: [],
    prettyErrors: false,
  })
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    path: [],
    description: message,
    ...position(pos[0]),
  }))
  const locate = (path: Path): Position => position(offsetOf(document.contents, path))
  if (problems.length > 0) return { value: undefined, problems, locate }
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problems, locate }
  } catch (error) {
    // An alias that holds itself, or too many of them: the library says so by ReferenceError.
    const description = error instanceof ReferenceError ? `${error.message}: write it out` : 'cannot be read'
    return { value: undefined, problems: [{ path: [], description, line: 1, column: 1 }], locate }
  }
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
