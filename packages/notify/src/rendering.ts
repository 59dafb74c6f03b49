import type { JsonObject } from '@bufbuild/protobuf'
import type { TemplateChannel } from './templates/content.ts'

/**
 * `notify.notifications.content`: what a notification says, inline in the form of its channel, by a template's immutable
 * version, or as its campaign says it to all.
 */
export type NotificationContent = OwnContent | { campaign: { id: string; variant: number } }

/** What a notification says by itself. */
export type OwnContent =
  | InlineContent
  | { template: StoredTemplate; data: Record<string, unknown>; mail?: MailExtras }

/** A version of a template, and the locale it is said in; absent: the template's default. */
export interface StoredTemplate {
  name: string
  version: number
  locale?: string
}

/** What a message says, by its channel. */
export type InlineContent =
  | { email: EmailBody }
  | { sms: { text: string } }
  | {
      whatsapp: { text: string } | { template: string; language: string; parameters: readonly string[] }
    }
  | {
      push: {
        title: string
        body: string
        data: Readonly<Record<string, string>>
        imageUrl: string
        actionUrl: string
        collapseKey: string
      }
    }
  | { chat: { text: string } }
  /** `data` is a JSON object, as text. */
  | { webhook: { type: string; data: string } }
  | { inbox: InboxContent }

/** What a provider is handed. */
export type ProviderContent = Exclude<InlineContent, { inbox: InboxContent }>

/** What an inbox item says; empty parts are left out of what is stored. */
export interface InboxContent {
  title: string
  body: string
  actionUrl: string
  actionLabel: string
  imageUrl: string
  icon: string
  /** Of the contract. */
  severity: number
  /** For the app. */
  data: JsonObject
  groupKey: string
}

/** The subject and bodies of an email; one of the bodies may be empty. */
export interface EmailBody extends MailExtras {
  subject: string
  text: string
  html: string
}

/** What an email has besides its words. */
export interface MailExtras {
  attachments?: readonly StoredAttachment[]
  /** A mailbox, `Support <help@acme.example>`. */
  replyTo?: string
}

/** A file of an email; its bytes are in notify.attachments. */
export interface StoredAttachment {
  fileName: string
  contentType: string
  /** Empty: it is not shown in the HTML. */
  contentId: string
  /** SHA-256 in hexadecimal. */
  hash: string
  size: number
}

/** What is sent once the words are made: with what the notification has besides them. */
export function withExtras(made: InlineContent, content: NotificationContent): InlineContent {
  if (!('template' in content) || content.mail === undefined || !('email' in made)) return made
  return { email: { ...made.email, ...content.mail } }
}

export interface Renderer {
  /** The version that a call sends, 0 being the newest, and its channel. Throws `notify.template_not_found`. */
  find(
    projectId: string,
    template: { name: string; version: number },
  ): Promise<{ version: number; channel: TemplateChannel }>
  /**
   * Renders a template once for a call that sends it, so that a missing variable is refused while the caller still listens.
   * Throws `notify.template_not_found`, or `notify.template_invalid` with the field path of what is wrong
   * (`data.order.total`).
   */
  check(
    projectId: string,
    template: StoredTemplate,
    data: Record<string, unknown>,
  ): Promise<{ version: number; subject: string }>
  /** Makes what is sent; the missing text of an email is made from its HTML. Throws like `check`. */
  render(projectId: string, content: OwnContent): Promise<InlineContent>
}

/** Makes what is sent of anything that is stored. Throws like `Renderer.check`. */
export interface ContentRenderer {
  render(projectId: string, content: NotificationContent): Promise<InlineContent>
}

/** What lists show of a message: never the text, which may hold a code. */
export function subjectOf(content: InlineContent): string {
  if ('email' in content) return content.email.subject
  if ('push' in content) return content.push.title
  if ('inbox' in content) return content.inbox.title
  return 'whatsapp' in content && 'template' in content.whatsapp ? content.whatsapp.template : ''
}

/** Whether a content can be sent as it is, so that most messages need no renderer: no template, and no text to be made. */
export function isReady(content: NotificationContent): boolean {
  if ('template' in content || 'campaign' in content) return false
  return !('email' in content && content.email.text === '')
}
