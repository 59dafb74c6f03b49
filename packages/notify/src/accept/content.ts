import type { EmailBody, NotificationContent } from '../rendering.ts'

/** What a notification says as it is stored: `NotificationContent` as JSON. */
export function inlineContent({ subject, text, html }: EmailBody): string {
  return JSON.stringify({ email: { subject, text, html } } satisfies NotificationContent)
}

export function templateContent(
  template: { name: string; version: number },
  data: Record<string, unknown>,
): string {
  return JSON.stringify({ template, data } satisfies NotificationContent)
}
