import type { PathTemplate, TemplateSegment } from './template.ts'

/** What a path leads to: the target, and the path's raw segments that its variables point into. */
export interface RouteMatch<T> {
  target: T
  segments: readonly string[]
}

/** A path that leads somewhere, but not with this HTTP method. */
export interface MethodMismatch {
  allowed: readonly string[]
}

/**
 * Finds the target of an HTTP method and path. A literal goes before `*`, which goes before `**`; a custom verb goes
 * before a segment that merely contains a colon. Paths are compared undecoded: `%3A` is never a verb's colon.
 */
export interface Router<T> {
  add(httpMethod: string, template: PathTemplate, target: T): void
  find(httpMethod: string, path: string): RouteMatch<T> | MethodMismatch | undefined
}

interface Node<T> {
  literals: Map<string, Node<T>>
  one: Node<T> | undefined
  rest: Node<T> | undefined
  /** custom verb → HTTP method → target; the empty verb is none. */
  ends: Map<string, Map<string, T>>
}

const noSegments: readonly string[] = Object.freeze([])

export function createRouter<T>(): Router<T> {
  const root = newNode<T>()
  /** Paths without variables, whole: one lookup instead of a walk. */
  const fixed = new Map<string, Map<string, T>>()

  return {
    add(httpMethod, template, target) {
      let node = root
      for (const segment of template.segments) node = childFor(node, segment)
      const byMethod = getOrMake(node.ends, template.verb, () => new Map<string, T>())
      if (byMethod.has(httpMethod)) {
        throw new Error(`Two methods of the contracts answer ${httpMethod} ${template.text}`)
      }
      byMethod.set(httpMethod, target)
      if (template.segments.every((segment) => segment.kind === 'literal')) {
        getOrMake(fixed, template.text, () => new Map<string, T>()).set(httpMethod, target)
      }
    },

    find(httpMethod, path) {
      const target = fixed.get(path)?.get(httpMethod)
      if (target !== undefined) return { target, segments: noSegments }
      return findInTree(root, httpMethod, path)
    },
  }
}

function findInTree<T>(
  root: Node<T>,
  httpMethod: string,
  path: string,
): RouteMatch<T> | MethodMismatch | undefined {
  if (path.charCodeAt(0) !== 47 /* / */) return
  const segments = path.slice(1).split('/')
  const allowed = new Set<string>()
  const last = segments.length - 1
  const lastText = segments[last] ?? ''
  const colon = lastText.lastIndexOf(':')
  if (colon >= 0) {
    segments[last] = lastText.slice(0, colon)
    const target = walk(root, segments, 0, lastText.slice(colon + 1), httpMethod, allowed)
    if (target !== undefined) return { target, segments }
    segments[last] = lastText
  }
  const target = walk(root, segments, 0, '', httpMethod, allowed)
  if (target !== undefined) return { target, segments }
  return allowed.size > 0 ? { allowed: [...allowed].sort() } : undefined
}

/** Depth first, most literal first; a dead end steps back. The depth is bounded by the longest template. */
function walk<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  verb: string,
  httpMethod: string,
  allowed: Set<string>,
): T | undefined {
  const segment = segments[at]
  if (segment === undefined) {
    const target = endOf(node, verb, httpMethod, allowed)
    // `**` also stands for no segment at all.
    return target === undefined && node.rest !== undefined
      ? endOf(node.rest, verb, httpMethod, allowed)
      : target
  }
  const literal = node.literals.get(segment)
  if (literal !== undefined) {
    const target = walk(literal, segments, at + 1, verb, httpMethod, allowed)
    if (target !== undefined) return target
  }
  if (node.one !== undefined && segment !== '') {
    const target = walk(node.one, segments, at + 1, verb, httpMethod, allowed)
    if (target !== undefined) return target
  }
  if (node.rest !== undefined) return endOf(node.rest, verb, httpMethod, allowed)
}

function endOf<T>(node: Node<T>, verb: string, httpMethod: string, allowed: Set<string>): T | undefined {
  const byMethod = node.ends.get(verb)
  const target = byMethod?.get(httpMethod)
  if (target === undefined && byMethod !== undefined) for (const name of byMethod.keys()) allowed.add(name)
  return target
}

function childFor<T>(node: Node<T>, segment: TemplateSegment): Node<T> {
  if (segment.kind === 'literal') return getOrMake(node.literals, segment.text, newNode<T>)
  if (segment.kind === 'one') {
    node.one ??= newNode<T>()
    return node.one
  }
  node.rest ??= newNode<T>()
  return node.rest
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), one: undefined, rest: undefined, ends: new Map() }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
