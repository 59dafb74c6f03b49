/**
 * `notify.notifications.content`: what a notification says, inline in the form of its channel, or by a template's immutable
 * version.
 */
export type NotificationContent =
  | InlineContent
  | { template: { name: string; version: number }; data: Record<string, unknown> }

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

/** The subject and bodies of an email; one of the bodies may be empty. */
export interface EmailBody {
  subject: string
  text: string
  html: string
}

export interface Renderer {
  /**
   * Resolves a template for a call that sends it and renders it once, so that a missing variable is refused while
   * the caller still listens. Version 0 means the newest. Throws `notify.template_not_found`, or
   * `notify.template_invalid` with the field path of what is wrong (`data.order.total`).
   */
  check(
    projectId: string,
    template: { name: string; version: number },
    data: Record<string, unknown>,
  ): Promise<{ version: number; subject: string }>
  /** Makes the email to send; a missing text is made from the HTML. Throws like `check`. */
  render(
    projectId: string,
    content: Extract<NotificationContent, { template: unknown }> | { email: EmailBody },
  ): Promise<EmailBody>
}
