import { appError, type FieldViolation } from '@mainstay/kernel'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { reasons } from '../errors.ts'
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

/**
 * Refuses U+0000 anywhere in the request, with its path: PostgreSQL's text cannot hold it, and no mail should. Found
 * here, one caller is told; found by the database, the whole batch would fail.
 */
export function requireStorable(request: SendNotificationRequest): void {
  const { to, content, data, dedupeKey } = request
  const parts: [string, unknown][] = [
    ['dedupeKey', dedupeKey],
    [to?.target.case === 'recipientId' ? 'to.recipientId' : 'to.email', to?.target.value],
    ['template.name', content.case === 'template' ? content.value.name : ''],
    ['email.subject', content.case === 'email' ? content.value.subject : ''],
    ['email.text', content.case === 'email' ? content.value.text : ''],
    ['email.html', content.case === 'email' ? content.value.html : ''],
    ['data', data],
  ]
  const violations = parts.flatMap(([field, value]) => findZeros(value, field))
  if (violations.length === 0) return
  throw appError(
    reasons,
    'notify.request_invalid',
    'The request holds the character U+0000, which cannot be sent.',
    {
      violations,
    },
  )
}

function findZeros(value: unknown, path: string): FieldViolation[] {
  if (typeof value === 'string') return value.includes('\0') ? [violation(path)] : []
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item, index) => findZeros(item, `${path}[${index}]`))
  return Object.entries(value).flatMap(([key, item]) =>
    key.includes('\0') ? [violation(path)] : findZeros(item, `${path}.${key}`),
  )
}

function violation(field: string): FieldViolation {
  return { field, description: 'must not hold the character U+0000' }
}
