import type { FieldViolation } from '@mainstay/kernel'
import { IntlMessageFormat } from 'intl-messageformat'

type Catalogs = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Says sentences in one locale. */
export interface Translator {
  /** Throws `MessageProblem`. */
  say(key: string, values: Readonly<Record<string, unknown>>): string
  has(key: string): boolean
}

/** A sentence that cannot be said; `field` is where it stands or should stand. */
export class MessageProblem extends Error {
  readonly field: string

  constructor(field: string, description: string) {
    super(description)
    this.field = field
  }
}

/** Says the sentences of the first locale of the chain that has them, by the rules of that locale's language. */
export function createTranslator(chain: readonly string[], catalogs: Catalogs): Translator {
  const parsed = new Map<string, Sentence>()

  function find(key: string): Sentence {
    const known = parsed.get(key)
    if (known !== undefined) return known
    for (const locale of chain) {
      const catalog = catalogs[locale]
      if (catalog === undefined || !Object.hasOwn(catalog, key)) continue
      const sentence = parseSentence(catalog[key] ?? '', locale, `messages.${locale}.${key}`)
      parsed.set(key, sentence)
      return sentence
    }
    throw new MessageProblem(
      `messages.${chain[0]}.${key}`,
      `is used by the template and not there in ${chain.join(', ')}`,
    )
  }

  return {
    say: (key, values) => find(key).say(values),
    has: (key) => chain.some((locale) => Object.hasOwn(catalogs[locale] ?? {}, key)),
  }
}

/** For templates without messages: every sentence is missing. */
export const NO_SENTENCES = createTranslator(['en'], {})

/** Every sentence that is no ICU MessageFormat, by its path. */
export function checkMessages(catalogs: Catalogs): FieldViolation[] {
  const violations: FieldViolation[] = []
  for (const [locale, catalog] of Object.entries(catalogs)) {
    for (const [key, text] of Object.entries(catalog)) {
      try {
        parseSentence(text, locale, `messages.${locale}.${key}`)
      } catch (error) {
        if (!(error instanceof MessageProblem)) throw error
        violations.push({ field: error.field, description: error.message })
      }
    }
  }
  return violations
}

interface Sentence {
  say(values: Readonly<Record<string, unknown>>): string
}

function parseSentence(text: string, locale: string, field: string): Sentence {
  const format = parse(text, locale, field)
  const dates = dateArguments(format.getAst())
  return {
    say(values) {
      const given = { ...values }
      for (const name of dates) given[name] = toDate(given[name], name, field)
      try {
        return String(format.format(given as Record<string, string>))
      } catch (error) {
        const missing = /variable "([^"]+)" was not provided/.exec(String(error))?.[1]
        throw new MessageProblem(
          field,
          missing === undefined ? plain(error) : `asks for ${missing}, which \`t\` does not give`,
        )
      }
    },
  }
}

/** Elements of a parsed sentence, as far as they are read here: a date is type 3, a time type 4. */
interface Element {
  type: number
  value?: unknown
  options?: Record<string, { value: Element[] }>
}

function parse(text: string, locale: string, field: string): IntlMessageFormat {
  try {
    // Without tags: what looks like markup is text. Dates are told in UTC, whatever the machine's own time is.
    return new IntlMessageFormat(text, locale, undefined, { ignoreTag: true, formatters: FORMATTERS })
  } catch (error) {
    throw new MessageProblem(field, plain(error))
  }
}

const FORMATTERS = {
  getNumberFormat: (...args: ConstructorParameters<typeof Intl.NumberFormat>) =>
    new Intl.NumberFormat(...args),
  getPluralRules: (...args: ConstructorParameters<typeof Intl.PluralRules>) => new Intl.PluralRules(...args),
  getDateTimeFormat: (locales?: string | string[], options?: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locales, { timeZone: 'UTC', ...options }),
}

function dateArguments(elements: readonly unknown[]): string[] {
  return (elements as Element[]).flatMap(({ type, value, options }) => [
    ...(type === 3 || type === 4 ? [String(value)] : []),
    ...Object.values(options ?? {}).flatMap((option) => dateArguments(option.value)),
  ])
}

/** JSON has no dates: a text is read as ISO 8601, a number as milliseconds since 1970. */
function toDate(value: unknown, name: string, field: string): Date {
  const date = new Date(typeof value === 'number' ? value : String(value))
  if (!Number.isNaN(date.getTime())) return date
  throw new MessageProblem(field, `asks for a date in ${name}, such as 2026-05-03T18:30:00Z`)
}

function plain(error: unknown): string {
  return `is not ICU MessageFormat: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
}
