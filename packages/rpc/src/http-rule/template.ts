/** One segment of a template: a literal, or `*`, or `**`. */
export type TemplateSegment = { kind: 'literal'; text: string } | { kind: 'one' } | { kind: 'rest' }

/** A field path bound to a span of segments; `end` is `Infinity` where `**` takes all that is left. */
export interface TemplateVariable {
  /** The field's path as the contract writes it: `['recipient', 'recipient_id']`. */
  readonly fieldPath: readonly string[]
  readonly start: number
  readonly end: number
  /** Whether it spans several segments or could: then `%2F` stays as it is (google/api/http.proto, "reserved"). */
  readonly multi: boolean
}

export interface PathTemplate {
  readonly text: string
  readonly segments: readonly TemplateSegment[]
  readonly variables: readonly TemplateVariable[]
  /** The custom verb after the colon: `cancel` in `/v1/messages/{id}:cancel`. Empty: none. */
  readonly verb: string
}

/** A template that breaks the grammar of google/api/http.proto. It is the contract that is wrong, so it stops the start. */
export class TemplateError extends Error {
  constructor(template: string, at: number, problem: string) {
    super(`The path template "${template}" is wrong at character ${at + 1}: ${problem}`)
    this.name = 'TemplateError'
  }
}

/**
 * Parses a path template (google/api/http.proto):
 *
 *     Template = "/" Segments [ Verb ] ;      Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;
 *     FieldPath = IDENT { "." IDENT } ;        Verb = ":" LITERAL ;
 *
 * `**` stands last. Variables do not nest, and no field is bound twice.
 */
export function parseTemplate(text: string): PathTemplate {
  const parser = new TemplateParser(text)
  return parser.parse()
}

class TemplateParser {
  readonly #text: string
  #at = 0
  readonly #segments: TemplateSegment[] = []
  readonly #variables: TemplateVariable[] = []

  constructor(text: string) {
    this.#text = text
  }

  parse(): PathTemplate {
    this.#take('/')
    this.#readSegments(true)
    let verb = ''
    if (this.#peek() === ':') {
      this.#at++
      verb = this.#readLiteral('a verb')
    }
    if (this.#at < this.#text.length) this.#fail(`unexpected "${this.#peek()}"`)
    return { text: this.#text, segments: this.#segments, variables: this.#variables, verb }
  }

  #readSegments(variablesAllowed: boolean): void {
    for (;;) {
      if (this.#segments.at(-1)?.kind === 'rest') this.#fail('nothing may follow "**"')
      this.#readSegment(variablesAllowed)
      if (this.#peek() !== '/') return
      this.#at++
    }
  }

  #readSegment(variablesAllowed: boolean): void {
    if (this.#peek() === '{') {
      if (!variablesAllowed) this.#fail('variables do not nest')
      this.#readVariable()
    } else if (this.#text.startsWith('**', this.#at)) {
      this.#at += 2
      this.#segments.push({ kind: 'rest' })
    } else if (this.#peek() === '*') {
      this.#at++
      this.#segments.push({ kind: 'one' })
    } else {
      this.#segments.push({ kind: 'literal', text: this.#readLiteral('a segment') })
    }
  }

  #readVariable(): void {
    const opened = this.#at++
    const fieldPath = [this.#readIdentifier()]
    while (this.#peek() === '.') {
      this.#at++
      fieldPath.push(this.#readIdentifier())
    }
    const start = this.#segments.length
    let isPattern = false
    if (this.#peek() === '=') {
      isPattern = true
      this.#at++
      this.#readSegments(false)
    } else {
      this.#segments.push({ kind: 'one' })
    }
    this.#take('}')
    if (this.#variables.some((other) => other.fieldPath.join('.') === fieldPath.join('.'))) {
      this.#at = opened
      this.#fail(`${fieldPath.join('.')} is bound twice`)
    }
    const hasRest = this.#segments.at(-1)?.kind === 'rest'
    const count = this.#segments.length - start
    this.#variables.push({
      fieldPath,
      start,
      end: hasRest ? Number.POSITIVE_INFINITY : this.#segments.length,
      multi: isPattern && (hasRest || count > 1),
    })
  }

  #readIdentifier(): string {
    return this.#readMatch(/[A-Za-z_][A-Za-z0-9_]*/y, 'a field name')
  }

  /** RFC 3986 `pchar` without `:`, `*` and the characters the grammar uses. */
  #readLiteral(what: string): string {
    return this.#readMatch(/(?:[A-Za-z0-9\-._~!$&'()+,;@]|%[0-9A-Fa-f]{2})+/y, what)
  }

  #readMatch(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) this.#fail(`expected ${what}`)
    this.#at += found.length
    return found
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(character: string): void {
    if (this.#peek() !== character) this.#fail(`expected "${character}"`)
    this.#at++
  }

  #fail(problem: string): never {
    throw new TemplateError(this.#text, this.#at, problem)
  }
}

/**
 * Decodes a captured variable. A single segment decodes everything; a span of several leaves `%2F` in place, so that
 * an encoded slash never looks like a separator. Undefined when the escapes are malformed or are not UTF-8.
 */
export function decodeCapture(raw: string, multi: boolean): string | undefined {
  if (!raw.includes('%')) return raw
  try {
    return multi
      ? raw
          .split(/(%2[fF])/)
          .map((part, i) => (i % 2 ? part : decodeURIComponent(part)))
          .join('')
      : decodeURIComponent(raw)
  } catch (error) {
    if (error instanceof URIError) return
    throw error
  }
}
