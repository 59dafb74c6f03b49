import type { FieldViolation } from '@mainstay/kernel'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { MessageChannel } from '../providers/outgoing.ts'

/** The channels that templates are made for. */
export type TemplateChannel = Exclude<MessageChannel, 'webhook'>

/** What a template says in one locale, in Liquid; empty parts are left out. */
export interface Parts {
  subject?: string
  text?: string
  html?: string
  mjml?: string
  title?: string
  body?: string
  actionUrl?: string
  actionLabel?: string
  imageUrl?: string
  /** Taken as it is. */
  icon?: string
  groupKey?: string
  /** Taken as it is: `info`, `success`, `warning` or `critical`. */
  severity?: string
  /** Taken as it is: the provider knows the approved template by it. */
  whatsappTemplate?: string
  whatsappLanguage?: string
  whatsappParameters?: readonly string[]
  /** Of layouts and partials. */
  source?: string
}

/** A template as its author writes it. */
export interface TemplateContent {
  channel: TemplateChannel
  kind: TemplateKind
  /** Canonical BCP 47, like the keys of `parts` and `messages`. */
  defaultLocale: string
  parts: Readonly<Record<string, Parts>>
  /** Sentences in ICU MessageFormat, by locale and key. */
  messages: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** What a stored template may weigh in all: as much as a call may carry. */
const MAX_CONTENT_CHARACTERS = 2_000_000

const PARTS_OF: Readonly<Record<TemplateChannel, readonly (keyof Parts)[]>> = {
  email: ['subject', 'text', 'html', 'mjml'],
  sms: ['text'],
  whatsapp: ['text', 'whatsappTemplate', 'whatsappLanguage', 'whatsappParameters'],
  push: ['title', 'body', 'actionUrl'],
  inbox: ['title', 'body', 'actionUrl', 'actionLabel', 'imageUrl', 'icon', 'groupKey', 'severity'],
  chat: ['text'],
}

/** What is missing or out of place, by path; what the parts say is not read. */
export function checkContent(content: TemplateContent): FieldViolation[] {
  const violations: FieldViolation[] = []
  if (JSON.stringify(content).length > MAX_CONTENT_CHARACTERS) {
    violations.push({
      field: 'parts',
      description: `has more than ${MAX_CONTENT_CHARACTERS} characters in all`,
    })
  }
  if (content.parts[content.defaultLocale] === undefined) {
    const description = `must say something in the default locale, ${content.defaultLocale}`
    violations.push({ field: 'parts', description })
  }
  const allowed: readonly (keyof Parts)[] =
    content.kind === TemplateKind.MESSAGE ? PARTS_OF[content.channel] : ['source']
  for (const [locale, parts] of Object.entries(content.parts)) {
    const at = `parts.${locale}`
    for (const name of Object.keys(parts) as (keyof Parts)[]) {
      if (allowed.includes(name)) continue
      violations.push({ field: `${at}.${name}`, description: `is not used here: ${allowed.join(', ')} are` })
    }
    violations.push(...missingParts(content, parts, at))
  }
  return violations
}

function missingParts({ kind, channel }: TemplateContent, parts: Parts, at: string): FieldViolation[] {
  const need = (name: keyof Parts): FieldViolation[] =>
    parts[name] === undefined ? [{ field: `${at}.${name}`, description: 'must not be empty' }] : []
  if (kind !== TemplateKind.MESSAGE) return need('source')
  switch (channel) {
    case 'email':
      return [...need('subject'), ...emailBody(parts, at)]
    case 'push':
      return need('body')
    case 'inbox':
      return need('title')
    case 'whatsapp': {
      if (parts.whatsappTemplate === undefined && parts.text === undefined) {
        return [{ field: `${at}.text`, description: 'must be set, or an approved template named' }]
      }
      if (parts.whatsappTemplate === undefined) return []
      const both = { field: `${at}.text`, description: 'must be empty where an approved template is named' }
      return [...need('whatsappLanguage'), ...(parts.text === undefined ? [] : [both])]
    }
    case 'sms':
    case 'chat':
      return need('text')
  }
}

function emailBody({ text, html, mjml }: Parts, at: string): FieldViolation[] {
  if (html !== undefined && mjml !== undefined) {
    return [
      { field: `${at}.mjml`, description: 'must be empty where there is HTML: it makes the HTML itself' },
    ]
  }
  const hasBody = text !== undefined || html !== undefined || mjml !== undefined
  return hasBody ? [] : [{ field: `${at}.html`, description: 'set html, mjml, text, or html and text' }]
}
