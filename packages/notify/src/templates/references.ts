import { IncludeTag, LayoutTag, RenderTag, type Template, toValueSync } from 'liquidjs'
import { NO_SENTENCES } from './icu-messages.ts'
import { createEngine } from './liquid.ts'
import { type Problem, problem, toProblem } from './problems.ts'

/** How deep layouts and partials may name each other. */
const MAX_DEPTH = 8

/** How many layouts and partials one template may be made with. */
const MAX_USES = 50

const reader = createEngine({ html: true, files: {}, translator: NO_SENTENCES })

/** The layouts and partials that a source names. A name that only the data would tell is refused. */
export function readReferences(source: string, field: string, problems: Problem[]): Set<string> {
  const names = new Set<string>()
  try {
    for (const template of reader.tags(source)) collect(template, names)
  } catch (error) {
    problems.push(toProblem(error, field))
  }
  return names
}

function collect(template: Template, names: Set<string>): void {
  if (template instanceof RenderTag || template instanceof IncludeTag || template instanceof LayoutTag) {
    // Undefined is `{% layout none %}`.
    const { file } = template as unknown as { file: unknown }
    if (typeof file === 'string') names.add(file)
    else if (file !== undefined) throw new Error(`write the name in quotes: ${template.token.getText()}`)
  }
  const within = template.children?.(false, true)
  for (const child of within === undefined ? [] : toValueSync<Template[]>(within)) collect(child, names)
}

/**
 * All that a template is made with, in the end: what it names, what those name, and so on. Adds to `problems` what names
 * nothing, goes in a circle, or too deep.
 *
 * @param find the sources of layouts and partials by name, one for each of their locales; those that are not there are left out
 */
export async function gatherUses<T extends { sources: readonly string[] }>(
  name: string,
  direct: ReadonlySet<string>,
  find: (names: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  problems: Problem[],
): Promise<Map<string, T>> {
  const uses = new Map<string, T>()
  const named = new Map<string, ReadonlySet<string>>([[name, direct]])
  let wanted = [...direct].filter((one) => one !== name)
  while (wanted.length > 0 && uses.size + wanted.length <= MAX_USES) {
    const found = await find(wanted)
    const next = new Set<string>()
    for (const one of wanted) {
      const use = found.get(one)
      if (use === undefined) {
        problems.push(problem(`uses.${one}`, 'is no published layout or partial of this project'))
        continue
      }
      uses.set(one, use)
      const names = new Set(
        use.sources.flatMap((source) => [...readReferences(source, `uses.${one}`, problems)]),
      )
      named.set(one, names)
      for (const other of names) if (!named.has(other)) next.add(other)
    }
    wanted = [...next]
  }
  if (wanted.length > 0)
    problems.push(problem('parts', `is made with more than ${MAX_USES} layouts and partials`))
  walk(name, [], named, problems)
  return uses
}

/** Follows every path until the first that goes in a circle or too deep; told once. */
function walk(
  name: string,
  path: readonly string[],
  named: ReadonlyMap<string, ReadonlySet<string>>,
  problems: Problem[],
  done = new Map<string, number>(),
): void {
  if (path.includes(name)) {
    problems.push(
      problem(`uses.${name}`, `names itself: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`),
    )
    return
  }
  if (path.length > MAX_DEPTH) {
    problems.push(
      problem(`uses.${name}`, `is named more than ${MAX_DEPTH} deep: ${[...path, name].join(' → ')}`),
    )
    return
  }
  // A name seen at this depth or deeper has nothing new to tell.
  if ((done.get(name) ?? -1) >= path.length) return
  done.set(name, path.length)
  for (const other of named.get(name) ?? []) {
    if (problems.length < 20) walk(other, [...path, name], named, problems, done)
  }
}
