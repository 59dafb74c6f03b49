import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { readInApp } from '../inbox/content.ts'
import type { MessageChannel } from '../providers/outgoing.ts'
import type { InlineContent, MailExtras, NotificationContent, StoredTemplate } from '../rendering.ts'

/** The content that a request may bring along; each case has the name of its channel. */
export type Inline = Extract<SendNotificationRequest['content'], { case: MessageChannel }>

/**
 * What a request says, ready to be stored: `NotificationContent` as JSON, and the subject that lists show, which is never the
 * text of a message, since that may hold a code.
 */
export function inlineContent(
  said: Inline,
  extras: MailExtras | undefined,
): { content: string; subject: string } {
  const { subject, stored } = read(said)
  if (extras !== undefined && 'email' in stored) Object.assign(stored.email, extras)
  return { content: JSON.stringify(stored), subject }
}

function read(content: Inline): { subject: string; stored: InlineContent } {
  switch (content.case) {
    case 'email': {
      const { subject, text, html } = content.value
      return { subject, stored: { email: { subject, text, html } } }
    }
    case 'sms':
      return { subject: '', stored: { sms: { text: content.value.text } } }
    case 'whatsapp': {
      const { content: said } = content.value
      if (said.case !== 'template') {
        return { subject: '', stored: { whatsapp: { text: said.value ?? '' } } }
      }
      const { name: template, language, parameters } = said.value
      return {
        subject: template,
        stored: { whatsapp: { template, language, parameters } },
      }
    }
    case 'push': {
      const { title, body, data, imageUrl, actionUrl, collapseKey } = content.value
      const stored = { push: { title, body, data, imageUrl, actionUrl, collapseKey } }
      return { subject: title, stored }
    }
    case 'chat':
      return { subject: '', stored: { chat: { text: content.value.text } } }
    case 'inbox': {
      const stored = { inbox: readInApp(content.value) }
      return { subject: stored.inbox.title, stored }
    }
    case 'webhook': {
      const { type, data = {} } = content.value
      return { subject: type, stored: { webhook: { type, data: JSON.stringify(data) } } }
    }
  }
}

export function templateContent(
  template: StoredTemplate,
  data: Record<string, unknown>,
  extras: MailExtras | undefined,
): string {
  const content: NotificationContent = { template, data, ...(extras !== undefined && { mail: extras }) }
  return JSON.stringify(content)
}
