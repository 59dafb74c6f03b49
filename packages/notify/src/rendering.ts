/** `notify.notifications.content`: what a notification says, inline or by a template's immutable version. */
export type NotificationContent =
  | { email: EmailBody }
  | { template: { name: string; version: number }; data: Record<string, unknown> }

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
  render(projectId: string, content: NotificationContent): Promise<EmailBody>
}
