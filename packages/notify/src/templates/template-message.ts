import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { AppError, type FieldViolation } from '@mainstay/kernel'
import {
  Channel,
  type Template,
  type TemplateDraftSchema,
  type TemplateSchema,
} from '@mainstay/proto/notify/v1'
import { TemplateKind, type TemplateParts } from '@mainstay/proto/notify/v1/templates'
import { channelName, channelNumber } from '../providers/outgoing.ts'
import type { Parts, TemplateContent } from './content.ts'
import type { DraftRow } from './draft-store.ts'
import { canonicalLocale } from './locales.ts'
import { problem, templateInvalid } from './problems.ts'
import type { TemplateRow } from './store.ts'
import { contentOf } from './template-row.ts'

/** What a template of a call says. Throws `notify.template_invalid` where its shape is not understood. */
export function readTemplate(template: Template): TemplateContent {
  const violations: FieldViolation[] = []
  const locale = (tag: string, field: string): string => {
    const canonical = canonicalLocale(tag)
    if (canonical === undefined)
      violations.push({ field, description: 'must be a BCP 47 language tag, such as pt-BR' })
    return canonical ?? tag
  }
  const defaultLocale = locale(template.defaultLocale || 'en', 'defaultLocale')
  const parts: Record<string, Parts> = {}
  const messages: Record<string, Record<string, string>> = {}
  for (const [tag, own] of Object.entries(template.parts)) parts[locale(tag, `parts.${tag}`)] = readParts(own)
  for (const [tag, own] of Object.entries(template.messages)) {
    messages[locale(tag, `messages.${tag}`)] = { ...own.messages }
  }
  if (template.email !== undefined) {
    if (parts[defaultLocale] !== undefined) {
      violations.push({ field: 'email', description: `must be unset where parts has ${defaultLocale}` })
    }
    const { subject, text, html, attachments, replyTo } = template.email
    const instead = 'belongs to what is sent, not to a template: set it on SendNotification'
    if (attachments.length > 0) violations.push({ field: 'email.attachments', description: instead })
    if (replyTo !== '') violations.push({ field: 'email.replyTo', description: instead })
    parts[defaultLocale] = readParts({ subject, text, html })
  }
  const channel = channelName(template.channel || Channel.EMAIL)
  if (channel === undefined || channel === 'webhook') {
    violations.push({ field: 'channel', description: 'has no templates: a webhook’s data is its own' })
  }
  if (violations.length > 0) {
    const problems = violations.map(({ field, description }) => problem(field, description))
    throw templateInvalid('The template is not understood.', problems)
  }
  return {
    channel: channel === 'webhook' || channel === undefined ? 'email' : channel,
    kind: template.kind || TemplateKind.MESSAGE,
    defaultLocale,
    parts,
    messages,
  }
}

/** Runs `fn`, and names what is wrong by the field that the caller wrote: `email.html`, where `email` stands for the parts. */
export async function inCallersWords<T>(template: Template, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (error) {
    if (template.email === undefined || !(error instanceof AppError) || error.violations.length === 0)
      throw error
    const locale = canonicalLocale(template.defaultLocale || 'en') ?? 'en'
    const prefix = `parts.${locale}.`
    const violations = error.violations.map(({ field, description }) => ({
      field: field.startsWith(prefix) ? `email.${field.slice(prefix.length)}` : field,
      description,
    }))
    const { code, reason, message } = error
    throw new AppError({ code, reason, message, violations, cause: error })
  }
}

const PART_NAMES = [
  'subject',
  'text',
  'html',
  'mjml',
  'title',
  'body',
  'actionUrl',
  'actionLabel',
  'imageUrl',
  'icon',
  'groupKey',
  'severity',
  'whatsappTemplate',
  'whatsappLanguage',
  'source',
] as const

function readParts(given: Partial<Omit<TemplateParts, '$typeName' | '$unknown'>>): Parts {
  const parts: Parts = {}
  for (const name of PART_NAMES) {
    const text = given[name]
    if (text !== undefined && text !== '') parts[name] = text
  }
  if (given.whatsappParameters?.length) parts.whatsappParameters = [...given.whatsappParameters]
  return parts
}

export function toTemplate(row: TemplateRow, hasDraft = false): MessageInitShape<typeof TemplateSchema> {
  return {
    ...toMessage(row.name, contentOf(row)),
    version: row.version,
    createTime: timestampFromDate(row.create_time),
    hasDraft,
  }
}

export function toDraft(row: DraftRow, version: number): MessageInitShape<typeof TemplateDraftSchema> {
  return {
    template: { ...toMessage(row.name, contentOf(row)), version, hasDraft: true },
    etag: etagOf(row),
    updateTime: timestampFromDate(row.update_time),
  }
}

export function etagOf({ revision }: Pick<DraftRow, 'revision'>): string {
  return `"${revision}"`
}

function toMessage(name: string, content: TemplateContent): MessageInitShape<typeof TemplateSchema> {
  const { channel, kind, defaultLocale, parts, messages } = content
  const own = parts[defaultLocale]
  const isEmail = channel === 'email' && kind === TemplateKind.MESSAGE && own !== undefined
  return {
    name,
    channel: channelNumber(channel),
    kind,
    defaultLocale,
    parts: parts as Record<
      string,
      MessageInitShape<typeof import('@mainstay/proto/notify/v1/templates').TemplatePartsSchema>
    >,
    messages: Object.fromEntries(
      Object.entries(messages).map(([locale, one]) => [locale, { messages: one }]),
    ),
    ...(isEmail ? { email: { subject: own.subject ?? '', text: own.text ?? '', html: own.html ?? '' } } : {}),
  }
}
