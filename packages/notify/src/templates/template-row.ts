import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { channelName, channelNumber } from '../providers/outgoing.ts'
import type { Parts, TemplateContent } from './content.ts'
import type { DraftRow } from './draft-store.ts'
import type { Use } from './prepared.ts'
import type { TemplateRow } from './store.ts'

/** What a stored template or draft says. */
export function contentOf(row: TemplateRow | DraftRow): TemplateContent {
  const channel = channelName(row.channel)
  return {
    channel: channel === undefined || channel === 'webhook' ? 'email' : channel,
    kind: row.kind as TemplateKind,
    defaultLocale: row.default_locale,
    parts: row.parts ?? ('subject' in row ? { [row.default_locale]: emailOf(row) } : {}),
    messages: row.messages ?? {},
  }
}

function emailOf({ subject, text_body: text, html_body: html }: TemplateRow): Parts {
  return { subject, ...(text === '' ? {} : { text }), ...(html === '' ? {} : { html }) }
}

export function useOf(row: TemplateRow): Use {
  return { name: row.name, version: row.version, content: contentOf(row) }
}

/** The columns that a template's content fills. */
export function columnsOf(
  content: TemplateContent,
): Pick<DraftRow, 'channel' | 'kind' | 'default_locale' | 'parts' | 'messages'> {
  return {
    channel: channelNumber(content.channel),
    kind: content.kind,
    default_locale: content.defaultLocale,
    parts: content.parts as DraftRow['parts'],
    messages: content.messages as DraftRow['messages'],
  }
}

/** The columns that programs before read: what they can send of it. */
export function emailColumnsOf(
  content: TemplateContent,
  compiled: Readonly<Record<string, string>>,
): Pick<TemplateRow, 'subject' | 'text_body' | 'html_body'> {
  const { defaultLocale, kind } = content
  const isEmail = content.channel === 'email' && kind === TemplateKind.MESSAGE
  const parts = isEmail ? content.parts[defaultLocale] : undefined
  return {
    subject: parts?.subject ?? '',
    text_body: parts?.text ?? '',
    html_body: compiled[defaultLocale] ?? parts?.html ?? '',
  }
}
