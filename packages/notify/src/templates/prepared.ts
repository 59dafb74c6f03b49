import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { InlineContent } from '../rendering.ts'
import type { Parts, TemplateChannel, TemplateContent } from './content.ts'
import { checkFilled, type Filled, toInline } from './filled.ts'
import { createTranslator, NO_SENTENCES, type Translator } from './icu-messages.ts'
import {
  beginFilling,
  createEngine,
  type Engine,
  type Files,
  type Filling,
  isOutOfTime,
  type Parsed,
  RENDER_MS,
} from './liquid.ts'
import { localeChain } from './locales.ts'
import { type Problem, templateInvalid } from './problems.ts'

/** A layout or partial that a template is made with. */
export interface Use {
  name: string
  version: number
  content: TemplateContent
}

/** A template that can be filled. */
export interface PreparedTemplate {
  channel: TemplateChannel
  /** As it is in a locale, or the nearest that it has words in. */
  variant(locale: string): Variant
}

export interface Variant {
  /** The locale whose parts are taken. */
  locale: string
  /** Throws `notify.template_invalid` with every path that is wrong. */
  render(data: Record<string, unknown>): InlineContent
  /** The same, with what is wrong as a part of the answer. */
  attempt(data: Record<string, unknown>): { filled: Filled; problems: Problem[] }
}

/** How many locales of one template are kept read; more than a template has words in are never needed. */
const MAX_VARIANTS = 60

/**
 * Makes a template ready to fill.
 *
 * @param compiled the HTML of emails by locale, where it is not the author's own
 */
export function prepareTemplate(
  content: TemplateContent,
  compiled: Readonly<Record<string, string>>,
  uses: readonly Use[],
): PreparedTemplate {
  const variants = new Map<string, Variant>()
  const own = [content, ...uses.map((use) => use.content)]
  const known = new Set(
    own.flatMap(({ parts, messages }) => [...Object.keys(parts), ...Object.keys(messages)]),
  )
  return {
    channel: content.channel,
    variant(locale) {
      // The chains of all locales in the world come down to those that there are words in.
      const chain = localeChain(locale, content.defaultLocale).filter((one) => known.has(one))
      const key = chain.join()
      const ready = variants.get(key)
      if (ready !== undefined) return ready
      const made = makeVariant(content, compiled, uses, chain)
      if (variants.size < MAX_VARIANTS) variants.set(key, made)
      return made
    },
  }
}

function makeVariant(
  content: TemplateContent,
  compiled: Readonly<Record<string, string>>,
  uses: readonly Use[],
  chain: readonly string[],
): Variant {
  const locale = chain.find((one) => content.parts[one] !== undefined) ?? content.defaultLocale
  const parts = content.parts[locale] ?? {}
  const isPlain = uses.length === 0 && Object.keys(content.messages).length === 0
  const engines = isPlain ? SHARED : createEngines(filesOf(uses, chain), translatorOf(content, uses, chain))
  const broken: Problem[] = []
  const parsed = parseParts({ ...parts, html: compiled[locale] ?? parts.html ?? '' }, locale, engines, broken)
  const once = (data: Record<string, unknown>): { filled: Filled; problems: Problem[] } => {
    const problems = [...broken]
    const filled = parsed(beginFilling(data, problems))
    if (problems.length === 0) problems.push(...checkFilled(content.channel, filled))
    return { filled, problems }
  }
  const attempt = (data: Record<string, unknown>) => withoutStalls(() => once(data))
  return {
    locale,
    attempt,
    render(data) {
      const { filled, problems } = attempt(data)
      if (problems.length > 0)
        throw templateInvalid('The template cannot be filled with this data.', problems)
      return toInline(content.channel, filled)
    },
  }
}

/** How often a message is filled again because the machine stood still. */
const MAX_STALLS = 3

/**
 * The engine counts time by the clock on the wall, which goes on while the machine is busy elsewhere. A message must not fail for
 * that: one that was given up without much work done is filled again.
 */
function withoutStalls<T extends { problems: readonly Problem[] }>(fill: () => T): T {
  for (let stalls = 0; ; stalls++) {
    const before = process.threadCpuUsage()
    const made = fill()
    if (stalls === MAX_STALLS || !made.problems.some(isOutOfTime)) return made
    const { user, system } = process.threadCpuUsage(before)
    if (user + system > (RENDER_MS * 1000) / 2) return made
  }
}

interface Engines {
  plain: Engine
  html: Engine
}

function createEngines(files: Files, translator: Translator): Engines {
  return {
    plain: createEngine({ html: false, files, translator }),
    html: createEngine({ html: true, files, translator }),
  }
}

/** For templates that have neither sentences nor layouts and partials: most of them. */
const SHARED = createEngines({}, NO_SENTENCES)

/** The source of each layout and partial in the first locale of the chain that it has, or in its own default. */
export function filesOf(uses: readonly Use[], chain: readonly string[]): Files {
  return Object.fromEntries(
    uses.map(({ name, content: { parts, defaultLocale } }) => {
      const locale = chain.find((one) => parts[one] !== undefined) ?? defaultLocale
      return [name, parts[locale]?.source ?? '']
    }),
  )
}

/** A template's own sentences come before those of what it is made with. */
export function translatorOf(
  content: TemplateContent,
  uses: readonly Use[],
  chain: readonly string[],
): Translator {
  const catalogs: Record<string, Record<string, string>> = {}
  for (const { messages } of [...uses.map((use) => use.content), content]) {
    for (const [locale, catalog] of Object.entries(messages)) {
      catalogs[locale] = { ...catalogs[locale], ...catalog }
    }
  }
  return createTranslator(chain, catalogs)
}

const PLAIN_PARTS = [
  'subject',
  'text',
  'title',
  'body',
  'actionUrl',
  'actionLabel',
  'imageUrl',
  'groupKey',
] as const
type PlainPart = (typeof PLAIN_PARTS)[number]

/** Reads every part of a locale; what is no valid Liquid is added to `problems`. */
export function parseParts(
  parts: Parts,
  locale: string,
  { plain, html }: Engines,
  problems: Problem[],
): (filling: Filling) => Filled {
  const at = (name: string): string => `parts.${locale}.${name}`
  const read = (engine: Engine, name: string, source = ''): Parsed =>
    // Most parts are empty: those cost nothing at each message.
    source === '' ? () => '' : engine.parse(source, at(name), problems)
  const texts = PLAIN_PARTS.map((name) => [name, read(plain, name, parts[name])] as const)
  const body = read(html, 'html', parts.html)
  const parameters = (parts.whatsappParameters ?? []).map((source, index) =>
    read(plain, `whatsappParameters[${index}]`, source),
  )
  return (filling) => ({
    ...(Object.fromEntries(texts.map(([name, fill]) => [name, fill(filling)])) as Record<PlainPart, string>),
    html: body(filling),
    icon: parts.icon ?? '',
    severity: parts.severity ?? '',
    whatsappTemplate: parts.whatsappTemplate ?? '',
    whatsappLanguage: parts.whatsappLanguage ?? '',
    whatsappParameters: parameters.map((fill) => fill(filling)),
  })
}

/** Everything in a template that is no valid Liquid, whatever its kind. */
export function checkLiquid({ kind, parts }: TemplateContent): Problem[] {
  const problems: Problem[] = []
  for (const [locale, { mjml, source, ...own }] of Object.entries(parts)) {
    parseParts(own, locale, SHARED, problems)
    if (mjml !== undefined) SHARED.html.parse(mjml, `parts.${locale}.mjml`, problems)
    if (kind !== TemplateKind.MESSAGE) SHARED.html.parse(source ?? '', `parts.${locale}.source`, problems)
  }
  return problems
}
