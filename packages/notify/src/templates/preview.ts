import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { LINK_SAMPLES } from '../preferences/mail-links.ts'
import { type SmsSegments, smsSegments } from '../providers/sms/segments.ts'
import type { Compiler } from './compiler.ts'
import type { Parts, TemplateContent } from './content.ts'
import { type Filled, oneLine } from './filled.ts'
import { localeChain } from './locales.ts'
import { withText } from './plain-text.ts'
import { prepareTemplate } from './prepared.ts'
import { type Problem, problem } from './problems.ts'
import { type FindUses, makePublication } from './publication.ts'

/** What a template would say, and what is wrong with it. */
export interface Preview {
  /** The locale whose parts were taken. */
  locale: string
  /** Undefined where there are problems. */
  filled: Filled | undefined
  sms: SmsFacts | undefined
  problems: Problem[]
  warnings: Problem[]
}

interface SmsFacts extends SmsSegments {
  characters: number
  /** What makes the text UCS-2, each once. */
  outsideGsm: string[]
}

/** Fills a template as publishing and sending it would, and keeps nothing. */
export async function previewContent(
  name: string,
  content: TemplateContent,
  { data, locale: wanted }: { data: Record<string, unknown>; locale: string },
  findUses: FindUses,
  compiler: Compiler,
): Promise<Preview> {
  const published = await makePublication(name, content, findUses, compiler)
  const locale = localeChain(wanted, content.defaultLocale).find((one) => content.parts[one] !== undefined)
  const broken = { locale: locale ?? content.defaultLocale, filled: undefined, sms: undefined, warnings: [] }
  if (published.problems.length > 0) return { ...broken, problems: published.problems }
  // A layout or partial alone is shown as the HTML that it is.
  const shown = content.kind === TemplateKind.MESSAGE ? content : asMessage(content)
  const made = shown === content ? published : await makePublication(name, shown, findUses, compiler)
  if (made.problems.length > 0) return { ...broken, problems: made.problems }
  const variant = prepareTemplate(shown, made.compiled, made.uses).variant(wanted)
  const { filled, problems } = variant.attempt({ ...LINK_SAMPLES, ...data })
  if (problems.length > 0) {
    const parts = shown.parts[variant.locale] ?? {}
    const at = `parts.${variant.locale}`
    return { ...broken, problems: problems.map((one) => locate(one, parts, at)) }
  }
  const whole = content.channel === 'email' ? asEmail(filled) : filled
  const sms = content.channel === 'sms' ? smsFacts(filled.text) : undefined
  return {
    locale: variant.locale,
    filled: whole,
    sms,
    problems,
    warnings: warningsOf(whole, sms, variant.locale),
  }
}

function asMessage(content: TemplateContent): TemplateContent {
  const parts = Object.entries(content.parts).map(([locale, { source = '' }]) => {
    const kind = /<mjml[\s>]/.test(source) ? 'mjml' : 'html'
    return [
      locale,
      { subject: content.kind === TemplateKind.LAYOUT ? 'Layout' : 'Partial', [kind]: source },
    ] as const
  })
  return { ...content, channel: 'email', kind: TemplateKind.MESSAGE, parts: Object.fromEntries(parts) }
}

function asEmail(filled: Filled): Filled {
  const { subject, text, html } = filled
  return { ...filled, ...withText({ subject: oneLine(subject), text, html }) }
}

/** Where the author first names what the data lacks: after layouts and MJML the engine counts other lines. */
function locate(found: Problem, parts: Parts, at: string): Problem {
  const inHtml = found.field === `${at}.html` && parts.html === undefined
  const name = found.field.startsWith('data.') ? found.field.slice('data.'.length) : undefined
  if (name === undefined) return inHtml ? { ...found, field: `${at}.mjml`, line: 0, column: 0 } : found
  for (const text of Object.values(parts).flat() as string[]) {
    const tag = [...text.matchAll(/\{[{%][\s\S]*?[}%]\}/g)].find(([one]) => one.includes(name))
    if (tag === undefined) continue
    const before = text.slice(0, tag.index).split('\n')
    return { ...found, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
  return { ...found, line: 0, column: 0 }
}

function smsFacts(text: string): SmsFacts {
  const outside = [...new Set(text)].filter((character) => smsSegments(character).encoding === 'ucs2')
  return { ...smsSegments(text), characters: [...text].length, outsideGsm: outside.slice(0, 20) }
}

/** Gmail shows this much of a mail and hides the rest behind a link. */
const GMAIL_CLIPS_BYTES = 102 * 1024

function warningsOf({ html }: Filled, sms: SmsFacts | undefined, locale: string): Problem[] {
  const warnings: Problem[] = []
  if (Buffer.byteLength(html) > GMAIL_CLIPS_BYTES) {
    warnings.push(problem(`parts.${locale}.html`, 'is longer than 102 kB: Gmail hides what follows'))
  }
  if (sms !== undefined && sms.outsideGsm.length > 0) {
    const description = `is sent as UCS-2, at 70 characters a segment instead of 160, because of ${sms.outsideGsm.join(' ')}`
    warnings.push(problem(`parts.${locale}.text`, description))
  }
  return warnings
}
