import type { RecipientTokens } from '@mainstay/access'
import type { Bus, Clock, Db, Logger, PageTokens } from '@mainstay/kernel'
import type { Implementation } from '@mainstay/rpc'
import type { NotifySettings } from '../config.ts'
import { createNewestOnly } from '../newest-only.ts'
import type { ContentRenderer } from '../rendering.ts'
import { trimItems } from '../sandbox-phone/store.ts'
import { implementInbox } from './api.ts'
import { createCourier } from './courier.ts'
import { createHub } from './hub.ts'
import type { InboxKey } from './key.ts'
import { deleteOldItems } from './retention.ts'
import { createInboxes } from './service.ts'
import { createWatch } from './watch.ts'

export interface InboxDeps {
  db: Db
  /** For the queue's wake-up. */
  wakeUp: { listen(channel: string, fn: () => void): Promise<() => void> }
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect'>
  clock: Clock
  logger: Logger
  pageTokens: PageTokens
  renderer: ContentRenderer
  settings: NotifySettings
  recipientTokens: Pick<RecipientTokens, 'mint'>
  /** Called after a commit that changed messages: rows for those who watch and events for the outbox were written. */
  onMessagesChanged(): void
}

/** The inbox inside an app: its service, its courier, and those who watch. */
export interface Inbox {
  implementation: Implementation
  start(): Promise<void>
  stop(): Promise<void>
  courier: { start(): Promise<void>; stop(): Promise<void> }
  /** Deletes what is past its retention. */
  maintain(): Promise<void>
}

/** Watchers look for themselves this much more rarely than those of messages: word of changes is sent to each. */
const POLLS_BETWEEN = 10

export function createInbox(deps: InboxDeps): Inbox {
  const { db, bus, clock, logger, pageTokens, renderer, settings, onMessagesChanged } = deps
  const stopping = new AbortController()
  const hub = createHub({ db, bus, logger, pollIntervalMs: settings.watchPollIntervalMs * POLLS_BETWEEN })
  const trimPhone = createNewestOnly({
    trim: (projectId) => trimItems(db, projectId, settings.mailboxKeep),
    logger,
    what: 'the sandbox phone',
  })
  const onChanged = (key: InboxKey): void => {
    hub.changed([key])
    onMessagesChanged()
  }
  const courier = createCourier({
    ...{ db, clock, logger, renderer, settings, bus: deps.wakeUp },
    onDelivered(inboxes) {
      hub.changed(inboxes)
      onMessagesChanged()
      for (const { live, projectId } of inboxes) if (!live) void trimPhone(projectId)
    },
  })
  return {
    implementation: implementInbox({
      clock,
      inboxes: createInboxes({ db, clock, pageTokens, onChanged }),
      watch: createWatch({ db, clock, hub, heartbeatMs: settings.watchHeartbeatMs }),
      stopping: stopping.signal,
      tokens: deps.recipientTokens,
    }),
    start: () => hub.start(),
    async stop() {
      stopping.abort()
      await hub.stop()
    },
    courier,
    maintain: () => deleteOldItems({ db, clock, settings }),
  }
}
