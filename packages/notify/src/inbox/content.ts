import { appError, type FieldViolation } from '@mainstay/kernel'
import { type InAppContent, InboxSeverity } from '@mainstay/proto/notify/v1/channels'
import { reasons } from '../errors.ts'
import type { InboxContent } from '../rendering.ts'

/** As JSON; lists hand all of it to browsers. */
const MAX_DATA_BYTES = 16 * 1024

/** What a request says, ready to be stored. Throws `notify.request_invalid` for what no browser should be told to open. */
export function readInApp(content: InAppContent): InboxContent {
  const { title, body, actionUrl, actionLabel, imageUrl, icon, severity, data = {}, groupKey } = content
  const violations: FieldViolation[] = []
  if (actionUrl !== '' && !isInboxLink(actionUrl)) {
    const description = 'must be https://…, a path such as /orders/7, or an address of your app’s own scheme'
    violations.push({ field: 'inbox.actionUrl', description })
  }
  if (Buffer.byteLength(JSON.stringify(data)) > MAX_DATA_BYTES) {
    violations.push({ field: 'inbox.data', description: `must be at most ${MAX_DATA_BYTES} bytes as JSON` })
  }
  if (violations.length > 0) {
    const message = 'The inbox item is not valid: see the details.'
    throw appError(reasons, 'notify.request_invalid', message, { violations })
  }
  return {
    ...{ title, body, actionUrl, actionLabel, imageUrl, icon, data, groupKey },
    severity: severity || InboxSeverity.INFO,
  }
}

/** Schemes that run what they carry are no place to go to. */
export function isOpenable(url: string): boolean {
  return URL.canParse(url) && !['javascript:', 'data:', 'vbscript:', 'file:'].includes(new URL(url).protocol)
}

/** The same, or a path of the app's own: one slash, so that it cannot lead to another host. */
export function isInboxLink(url: string): boolean {
  // Browsers read a backslash as a slash, and take tabs and line breaks out before they read.
  return /^\/(?![/\\])[^\s\\]*$/.test(url) || (/^\S+$/.test(url) && isOpenable(url))
}

/** A severity by the name that templates give it. */
export function severityOf(name: string): InboxSeverity {
  switch (name) {
    case 'success':
      return InboxSeverity.SUCCESS
    case 'warning':
      return InboxSeverity.WARNING
    case 'critical':
      return InboxSeverity.CRITICAL
    default:
      return InboxSeverity.INFO
  }
}
