import { Context, type Emitter, Liquid, type Template, toValue, toValueSync } from 'liquidjs'
import type { Translator } from './icu-messages.ts'
import { type Problem, problem, toProblem } from './problems.ts'

/**
 * What one template may cost: templates are written by people whom we do not know, and a loop over a huge range must
 * end in an error, not in a worker that answers nobody. Characters, milliseconds, and liquidjs's own count of memory.
 */
const LIMITS = { parseLimit: 1_500_000, renderLimit: 200, memoryLimit: 20_000_000 }

/** How long all parts of one message may take together, in milliseconds. */
export const RENDER_MS = LIMITS.renderLimit

/** Whether a part was given up because it took too long. */
export function isOutOfTime({ description }: Problem): boolean {
  return description.startsWith('template render limit exceeded')
}

/** A rendered part longer than this is refused: providers would refuse it, and the ledger should not carry it. */
export const MAX_RENDERED_CHARACTERS = 2_000_000

const OPTIONS = {
  ...LIMITS,
  strictFilters: true,
  strictVariables: true,
  // `{% if coupon %}` and `| default:` are how a template says that a value may be missing.
  lenientIf: true,
  // Templates see the data's own fields, never what lies on JavaScript's prototypes.
  ownPropertyOnly: true,
} as const

/** Layouts and partials by name; nothing else can be named, and no file is ever read. */
export type Files = Readonly<Record<string, string>>

/** What the parts of one message are filled with, and what goes wrong with them. */
export interface Filling {
  data: Record<string, unknown>
  problems: Problem[]
  /** When it has to be done, as `performance.now()` tells time. */
  untilMs: number
}

/** A part that is read and can be filled. */
export type Parsed = (filling: Filling) => string

export function beginFilling(data: Record<string, unknown>, problems: Problem[]): Filling {
  return { data, problems, untilMs: performance.now() + RENDER_MS }
}

/** Reads and fills parts: values are escaped in HTML (unless the template says `| raw`) and as they are elsewhere. */
export interface Engine {
  /** Adds to `problems` what is no valid Liquid. */
  parse(source: string, field: string, problems: Problem[]): Parsed
  /** For those who read the parsed tags themselves. */
  tags(source: string): Template[]
}

export function createEngine({
  html,
  files,
  translator,
}: {
  html: boolean
  files: Files
  translator: Translator
}): Engine {
  // Without a prototype, so that `{% render "constructor" %}` names nothing.
  const templates: Record<string, string> = Object.assign(Object.create(null), files)
  const liquid = new Liquid({
    ...OPTIONS,
    templates,
    cache: true,
    ...(html ? { outputEscape: 'escape' } : {}),
  })
  const say = (key: unknown, values: Record<string, unknown>): string => translator.say(String(key), values)
  liquid.registerFilter('t', (key, ...args) => say(key, named(args)))
  // A sentence with markup of its own: what it is filled with is escaped, the sentence is not.
  if (html) {
    liquid.registerFilter('t_html', { handler: (key, ...args) => say(key, escaped(named(args))), raw: true })
  }
  return {
    tags: (source) => liquid.parse(source),
    parse(source, field, problems) {
      try {
        const parsed = liquid.parse(source)
        return (filling) => fill(liquid, parsed, field, filling)
      } catch (error) {
        problems.push(toProblem(error, field))
        return () => ''
      }
    },
  }
}

function fill(
  liquid: Liquid,
  parsed: Template[],
  field: string,
  { data, problems, untilMs }: Filling,
): string {
  const emitter = new BoundedEmitter()
  try {
    toValueSync(
      liquid.renderer.renderTemplates(
        parsed,
        new Context(
          data,
          liquid.options,
          { sync: true, renderLimit: Math.max(0, untilMs - performance.now()) },
          { liquid },
        ),
        emitter,
      ),
    )
  } catch (error) {
    const found = toProblem(error, field)
    problems.push(
      found.field === field
        ? { ...found, field: error instanceof RangeError || emitter.isFull ? 'data' : field }
        : found,
    )
    return ''
  }
  if (!emitter.buffer.includes('\0')) return emitter.buffer
  problems.push(problem('data', 'brings along a NUL character, which no channel carries'))
  return ''
}

/** Gathers what a template says, and stops it when that is more than any channel takes. */
class BoundedEmitter implements Emitter {
  buffer = ''
  isFull = false

  write(value: unknown): void {
    const text = asText(value)
    if (this.buffer.length + text.length > MAX_RENDERED_CHARACTERS) {
      this.isFull = true
      throw new RangeError(`makes a text of more than ${MAX_RENDERED_CHARACTERS} characters`)
    }
    this.buffer += text
  }
}

function asText(value: unknown): string {
  const plain: unknown = toValue(value)
  if (typeof plain === 'string') return plain
  if (plain === null || plain === undefined) return ''
  return Array.isArray(plain) ? plain.map(asText).join('') : String(plain)
}

/** liquidjs hands `count: 3` over as `['count', 3]`. */
function named(args: readonly unknown[]): Record<string, unknown> {
  const pairs = args.filter((arg): arg is [string, unknown] => Array.isArray(arg) && arg.length === 2)
  return Object.fromEntries(pairs)
}

function escaped(values: Record<string, unknown>): Record<string, unknown> {
  const one = (value: unknown): unknown =>
    typeof value === 'number' || typeof value === 'boolean' ? value : escapeHtml(String(value ?? ''))
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, one(value)]))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
