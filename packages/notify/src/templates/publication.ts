import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { Compiler } from './compiler.ts'
import { composeHtml } from './compose.ts'
import { checkContent, type TemplateContent } from './content.ts'
import { checkMessages } from './icu-messages.ts'
import { localeChain } from './locales.ts'
import { checkLiquid, filesOf, translatorOf, type Use } from './prepared.ts'
import { type Problem, problem } from './problems.ts'
import { gatherUses, readReferences } from './references.ts'

/** The newest published layouts and partials of these names. */
export type FindUses = (names: readonly string[]) => Promise<readonly Use[]>

/** A template as it is stored when it is published. */
export interface Publication {
  content: TemplateContent
  compiled: Record<string, string>
  uses: readonly Use[]
}

/** Checks a template from end to end and makes what is sent from it. With problems, what was made is of no use. */
export async function makePublication(
  name: string,
  content: TemplateContent,
  findUses: FindUses,
  compiler: Compiler,
): Promise<Publication & { problems: Problem[] }> {
  const problems: Problem[] = [...checkContent(content), ...checkMessages(content.messages)].map(
    ({ field, description }) => problem(field, description),
  )
  problems.push(...checkLiquid(content))
  const nothing = { content, compiled: {}, uses: [], problems }
  if (problems.length > 0) return nothing
  const uses = await findAll(name, content, findUses, problems)
  problems.push(...unknownSentences(content, uses))
  if (problems.length > 0) return nothing
  const compiled: Record<string, string> = {}
  for (const locale of Object.keys(content.parts)) {
    const html = await compileLocale(content, locale, uses, compiler, problems)
    if (html !== undefined) compiled[locale] = html
  }
  return { content, compiled, uses, problems }
}

async function findAll(
  name: string,
  content: TemplateContent,
  findUses: FindUses,
  problems: Problem[],
): Promise<Use[]> {
  const direct = new Set<string>()
  for (const { field, source } of sourcesOf(content)) {
    for (const one of readReferences(source, field, problems)) direct.add(one)
  }
  const find = async (names: readonly string[]) => {
    const found = await findUses(names)
    return new Map(
      found.map((use) => [
        use.name,
        { use, sources: Object.values(use.content.parts).map((one) => one.source ?? '') },
      ]),
    )
  }
  return [...(await gatherUses(name, direct, find, problems)).values()].map(({ use }) => use)
}

/** Every text of a template with its path. */
function sourcesOf({ parts }: TemplateContent): { field: string; locale: string; source: string }[] {
  return Object.entries(parts).flatMap(([locale, own]) =>
    Object.entries(own).flatMap(([name, value]: [string, string | readonly string[]]) =>
      [value].flat().map((source) => ({ field: `parts.${locale}.${name}`, locale, source })),
    ),
  )
}

const SAID = /(['"])([A-Za-z0-9_][A-Za-z0-9._-]*)\1\s*\|\s*(?:t|t_html)\b/g

/** Sentences that a template says by a literal key and that nobody wrote; layouts and partials may leave them to others. */
function unknownSentences(content: TemplateContent, uses: readonly Use[]): Problem[] {
  if (content.kind !== TemplateKind.MESSAGE) return []
  const problems: Problem[] = []
  for (const { field, locale, source } of sourcesOf(content)) {
    const chain = localeChain(locale, content.defaultLocale)
    const translator = translatorOf(content, uses, chain)
    for (const { 2: key = '', index } of source.matchAll(SAID)) {
      if (translator.has(key)) continue
      const before = source.slice(0, index).split('\n')
      const description = `says "${key}", which messages have neither in ${chain.join(' nor in ')}`
      problems.push(problem(field, description, before.length, (before.at(-1)?.length ?? 0) + 1))
    }
  }
  return problems
}

/** Undefined: what the author wrote is what is filled. */
async function compileLocale(
  content: TemplateContent,
  locale: string,
  uses: readonly Use[],
  compiler: Compiler,
  problems: Problem[],
): Promise<string | undefined> {
  const { html, mjml } = content.parts[locale] ?? {}
  const kind = mjml === undefined ? 'html' : 'mjml'
  const source = mjml ?? html
  if (source === undefined || content.kind !== TemplateKind.MESSAGE) return undefined
  const files = filesOf(uses, localeChain(locale, content.defaultLocale))
  const before = problems.length
  const composed = await composeHtml(
    { kind, source, field: `parts.${locale}.${kind}`, files },
    compiler,
    problems,
  )
  return composed === html || problems.length > before ? undefined : composed
}
