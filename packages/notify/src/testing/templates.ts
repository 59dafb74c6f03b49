import { AppError, newId } from '@mainstay/kernel'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { InlineContent } from '../rendering.ts'
import type { Compiler } from '../templates/compiler.ts'
import type { Parts, TemplateContent } from '../templates/content.ts'
import { prepareTemplate, type Use } from '../templates/prepared.ts'
import { templateInvalid } from '../templates/problems.ts'
import { makePublication } from '../templates/publication.ts'
import type { TemplateAct } from '../templates/versions.ts'

/** Someone who changes templates of a project, by default one of their own. */
export function testAct(projectId = newId()): TemplateAct {
  return { actor: 'opr_test', requestId: 'req_test', projectId }
}

/** An email in one language. */
export function emailContent(subject: string, text = '', html = ''): TemplateContent {
  return content({ en: { subject, ...(text === '' ? {} : { text }), ...(html === '' ? {} : { html }) } })
}

export function content(
  parts: Record<string, Parts>,
  rest: Partial<Omit<TemplateContent, 'parts'>> = {},
): TemplateContent {
  return {
    channel: 'email',
    kind: TemplateKind.MESSAGE,
    defaultLocale: Object.keys(parts)[0] ?? 'en',
    parts,
    messages: {},
    ...rest,
  }
}

export function partial(name: string, source: string, rest: Partial<TemplateContent> = {}): Use {
  return { name, version: 1, content: content({ en: { source } }, { kind: TemplateKind.PARTIAL, ...rest }) }
}

/** Publishes in memory, as `addVersion` does, and fills. */
export async function publishAndFill(
  template: TemplateContent,
  data: Record<string, unknown>,
  compiler: Compiler,
  { uses = [], locale = '' }: { uses?: readonly Use[]; locale?: string } = {},
): Promise<InlineContent> {
  const find = async (names: readonly string[]) => uses.filter((use) => names.includes(use.name))
  const made = await makePublication('test', template, find, compiler)
  if (made.problems.length > 0) throw templateInvalid('The template cannot be published.', made.problems)
  return prepareTemplate(made.content, made.compiled, made.uses).variant(locale).render(data)
}

/** What was wrong, as `field: description`. */
export async function refusalOf(made: unknown): Promise<string[]> {
  try {
    await made
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.violations.map(({ field, description }) => `${field}: ${description}`)
  }
  throw new Error('it was expected to be refused')
}
