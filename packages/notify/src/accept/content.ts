import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import type { ProviderChannel } from '../providers/outgoing.ts'
import type { InlineContent, NotificationContent, StoredTemplate } from '../rendering.ts'

/** What a request says, ready to be stored. */
export interface Inline {
  channel: ProviderChannel
  /** `NotificationContent` as JSON. */
  content: string
  /** What lists show: never the text of a message, which may hold a code. */
  subject: string
}

type Content = Exclude<SendNotificationRequest['content'], { case: 'template' } | { case: undefined }>

/** The content that a request brings along. */
export function inlineContent(content: Content): Inline {
  const { channel, subject, stored } = read(content)
  return { channel, subject, content: JSON.stringify(stored) }
}

function read(content: Content): { channel: ProviderChannel; subject: string; stored: InlineContent } {
  switch (content.case) {
    case 'email': {
      const { subject, text, html } = content.value
      return { channel: 'email', subject, stored: { email: { subject, text, html } } }
    }
    case 'sms':
      return { channel: 'sms', subject: '', stored: { sms: { text: content.value.text } } }
    case 'whatsapp': {
      const { content: said } = content.value
      if (said.case !== 'template') {
        return { channel: 'whatsapp', subject: '', stored: { whatsapp: { text: said.value ?? '' } } }
      }
      const { name: template, language, parameters } = said.value
      return {
        channel: 'whatsapp',
        subject: template,
        stored: { whatsapp: { template, language, parameters } },
      }
    }
    case 'push': {
      const { title, body, data, imageUrl, actionUrl, collapseKey } = content.value
      const stored = { push: { title, body, data, imageUrl, actionUrl, collapseKey } }
      return { channel: 'push', subject: title, stored }
    }
    case 'chat':
      return { channel: 'chat', subject: '', stored: { chat: { text: content.value.text } } }
    case 'webhook': {
      const { type, data = {} } = content.value
      return { channel: 'webhook', subject: type, stored: { webhook: { type, data: JSON.stringify(data) } } }
    }
  }
}

export function templateContent(template: StoredTemplate, data: Record<string, unknown>): string {
  return JSON.stringify({ template, data } satisfies NotificationContent)
}
