import { toTypeId } from '@mainstay/kernel'
import { LANE_NAMES, type Lane } from '../deliver/lanes.ts'
import { addressed } from '../deliver/outgoing-of.ts'
import type { Outgoing } from '../providers/outgoing.ts'
import { type ContentRenderer, type NotificationContent, withExtras } from '../rendering.ts'
import type { MessageRow } from './row.ts'

export interface RequestDeps {
  renderer: ContentRenderer
  /** What an account would be asked; undefined where there is nothing to show. */
  viewRequest(
    projectId: string,
    accountId: string,
    message: Omit<Outgoing, 'from'>,
  ): Promise<string | undefined>
}

/**
 * What each account that a message was tried at was asked, by its uuid, redacted. Empty where the words are gone, or cannot be made
 * any more.
 */
export async function viewRequests(
  { renderer, viewRequest }: RequestDeps,
  message: MessageRow,
  content: NotificationContent | undefined,
  accountIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const views = new Map<string, string>()
  if (content === undefined || accountIds.size === 0) return views
  const made = await renderer.render(message.project_id, content).catch(() => undefined)
  if (made === undefined) return views
  const words = withExtras(made, content)
  if ('inbox' in words) return views
  const outgoing = addressed(
    {
      messageId: toTypeId('msg', message.message_id),
      projectId: message.project_id,
      notificationId: toTypeId('ntf', message.notification_id),
      from: '',
      to: message.to_address,
      class: LANE_NAMES[message.class as Lane],
      attempt: 1,
      ttlMs: Math.max(0, message.expire_time.getTime() - message.send_time.getTime()),
    },
    words,
    {},
  )
  for (const accountId of accountIds) {
    const view = await viewRequest(message.project_id, accountId, outgoing)
    if (view !== undefined) views.set(accountId, view)
  }
  return views
}
