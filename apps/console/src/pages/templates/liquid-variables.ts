import type { JsonObject } from '@bufbuild/protobuf'

/** The first words of the Liquid tags in a text: the data that a template asks for. Loop variables are left out. */
export function variablesOf(...texts: string[]): string[] {
  const found = new Set<string>()
  const local = new Set(['forloop'])
  for (const text of texts) {
    for (const [, loop] of text.matchAll(/\{%-?\s*(?:for|assign|capture)\s+([\w-]+)/g))
      if (loop) local.add(loop)
    for (const [, path] of text.matchAll(/\{\{-?\s*([a-zA-Z_][\w-]*(?:\.[\w-]+)*)/g))
      if (path) found.add(path)
    // What filters are given: `| t: count: cart.size` asks for cart.size.
    for (const [, output = ''] of text.matchAll(/\{\{([^}]*)\}\}/g))
      for (const [, path] of output.matchAll(/:\s*([a-zA-Z_][\w-]*(?:\.[\w-]+)*)(?![\w.-]|\s*:)/g))
        if (path && path !== 'true' && path !== 'false') found.add(path)
    for (const [, path] of text.matchAll(
      /\{%-?\s*(?:if|unless|elsif|for\s+[\w-]+\s+in)\s+([a-zA-Z_][\w-]*(?:\.[\w-]+)*)/g,
    ))
      if (path) found.add(path)
  }
  return [...found].filter((path) => !local.has(path.split('.')[0] ?? ''))
}

/** `order.number` becomes `{ "order": { "number": "…" } }`. */
export function sampleData(variables: string[]): JsonObject {
  const data: JsonObject = {}
  for (const path of variables) {
    const names = path.split('.')
    let owner = data
    for (const name of names.slice(0, -1)) {
      const inner = owner[name]
      const next: JsonObject =
        typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
      owner[name] = next
      owner = next
    }
    const last = names.at(-1) ?? ''
    // Plurals want a number.
    owner[last] ??= /^(?:n|count|quantity|size)$|_count$/i.test(last) ? 3 : `sample ${last}`
  }
  return data
}
