import { type AppError, type Clock, type Db, type Logger, newId, type Tx, toAppError } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { type Aside, setAside } from '../deliver/claim-store.ts'
import { QUEUE_CHANNEL } from '../deliver/deliverer.ts'
import { createSignal } from '../deliver/signal.ts'
import { findWishes, type Gate } from '../preferences/gate-store.ts'
import { channelNumber } from '../providers/outgoing.ts'
import { type ContentRenderer, type InboxContent, isReady } from '../rendering.ts'
import { tellSuppressed } from '../suppressions/reason.ts'
import {
  type Delivery,
  deliverToInboxes,
  findNextForInboxes,
  type PickedItem,
  pickForInboxes,
} from './courier-store.ts'
import type { InboxKey } from './key.ts'

export interface CourierDeps {
  db: Db
  clock: Clock
  logger: Logger
  renderer: ContentRenderer
  settings: { readonly deliverPollIntervalMs: number; readonly deliverNoProviderRetryMs: number }
  /** The wake-up: whoever queues a message sends on `QUEUE_CHANNEL`. Without it, work is found by polling. */
  bus?: { listen(channel: string, fn: () => void): Promise<() => void> }
  /** Called after each commit with the inboxes that got something. */
  onDelivered(inboxes: readonly InboxKey[]): void
}

/** Puts messages into inboxes. Any number may run, in any number of processes, on one database. */
export interface Courier {
  start(): Promise<void>
  stop(): Promise<void>
}

/** Messages of one commit. */
const BATCH_SIZE = 500

/**
 * The loop that takes messages for inboxes out of the queue. An inbox is in our own database, so that delivering is no call
 * whose answer may be lost, but a part of the commit that takes the message out of the queue: either all of it happened or
 * nothing, whoever dies when. It needs no lease and no journal, and no attempt is told of.
 */
export function createCourier(deps: CourierDeps): Courier {
  const { db, clock, logger, settings, onDelivered } = deps
  const work = createSignal()
  let stopping = false
  let loop: Promise<void> | undefined
  let unlisten: (() => void) | undefined

  /** Returns how long to wait before the next one, in milliseconds. */
  async function turn(): Promise<number> {
    const { picked, inboxes, nextDueMs } = await db.transaction(async (tx) => {
      const rows = await pickForInboxes(tx, clock.nowMs(), BATCH_SIZE)
      const inboxes = await settle(tx, deps, rows)
      return { picked: rows.length, inboxes, nextDueMs: rows.length > 0 ? 0 : await findNextForInboxes(tx) }
    }, walkIndexes)
    if (inboxes !== undefined) onDelivered(inboxes)
    if (picked > 0) return 0
    const untilDueMs = (nextDueMs ?? Number.POSITIVE_INFINITY) - clock.nowMs()
    // Due and not picked: another courier has its hand on it.
    return untilDueMs > 0
      ? Math.min(untilDueMs, settings.deliverPollIntervalMs)
      : settings.deliverPollIntervalMs
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      try {
        const waitMs = await turn()
        failures = 0
        if (waitMs > 0) await work.wait(waitMs)
      } catch (err) {
        failures++
        logger.error({ err }, 'inbox messages could not be delivered; trying again')
        await work.wait(Math.min(5000, 100 * 2 ** failures))
      }
    }
  }

  return {
    async start() {
      unlisten = await deps.bus?.listen(QUEUE_CHANNEL, work.fire)
      loop = run()
    },
    async stop() {
      stopping = true
      unlisten?.()
      work.fire()
      await loop
    },
  }
}

/** Delivers what can be, and ends or puts off the rest. Returns the inboxes that changed; undefined where nothing did. */
async function settle(
  tx: Tx,
  deps: CourierDeps,
  rows: readonly PickedItem[],
): Promise<InboxKey[] | undefined> {
  if (rows.length === 0) return
  const deliveries: Delivery[] = []
  const asides: Aside[] = []
  const gated = rows.map((row) => ({ ...row, channel: INBOX }))
  const wishes = await findWishes(tx, gated, deps.clock.nowMs())
  for (const row of rows) {
    const prepared = await prepare(deps, row, wishes.get(row.messageId)?.gate)
    if ('itemId' in prepared) deliveries.push(prepared)
    else asides.push(prepared)
  }
  if (asides.length > 0) await setAside(tx, deps.clock.nowMs(), asides)
  if (deliveries.length > 0) await deliverToInboxes(tx, deliveries, deps.clock.nowMs())
  return deliveries.map(({ projectId, live, recipientId }) => ({ projectId, live, recipientId }))
}

const INBOX = channelNumber('inbox')

async function prepare(
  { clock, renderer, settings }: CourierDeps,
  row: PickedItem,
  gate: Gate | undefined,
): Promise<Delivery | Aside> {
  const { projectId, live, recipientId, messageId, category, content } = row
  const hasEnded = row.notificationId === null || content === null || row.state !== MessageState.ACCEPTED
  if (hasEnded) return aside(row, -1, null)
  if (row.expireMs <= clock.nowMs()) {
    return aside(row, MessageState.EXPIRED, 'It was not delivered in time: it expired while it waited.')
  }
  if (row.suppression !== null) return aside(row, MessageState.SUPPRESSED, tellSuppressed(row.suppression))
  if (gate !== undefined && 'skip' in gate) return aside(row, MessageState.SKIPPED, gate.skip)
  if (gate !== undefined) {
    return { ...aside(row, 0, gate.heldBy, Math.min(row.expireMs, gate.untilMs)), isHeld: true }
  }
  try {
    const said = isReady(content) ? content : await renderer.render(projectId, content)
    if (!('inbox' in said)) throw new TypeError('A message for an inbox has content of another channel')
    const { groupKey, ...shown } = said.inbox
    return {
      ...{ projectId, live, recipientId, messageId, category, title: shown.title, body: shown.body },
      itemId: newId(clock),
      content: contentOf(said.inbox),
      groupKey: groupKey || null,
      noteId: newId(clock),
      subject: 'template' in content ? shown.title : null,
    }
  } catch (thrown) {
    return unprepared(row, toAppError(thrown), clock.nowMs() + settings.deliverNoProviderRetryMs)
  }
}

/** A template that cannot be rendered now never can, since versions do not change. All else may pass. */
function unprepared(row: PickedItem, error: AppError, againMs: number): Aside {
  if (error.reason.startsWith('kernel.database')) throw error
  const detail = `It could not be made: ${error.message}`
  if (error.code === 'invalid_argument' || error.reason === 'notify.template_not_found') {
    return aside(row, MessageState.FAILED, detail)
  }
  return aside(row, 0, detail, Math.min(againMs, row.expireMs))
}

function aside(
  { projectId, messageId }: PickedItem,
  state: Aside['state'],
  detail: string | null,
  dueMs = 0,
): Aside {
  return { projectId, messageId, state, dueMs, detail, noteId: newId() }
}

/** What is stored of an item: empty parts are left out, since millions of rows have them. */
function contentOf({ data, ...parts }: InboxContent): string {
  const said = Object.entries(parts).filter(([, value]) => value !== '')
  return JSON.stringify({
    ...Object.fromEntries(said),
    ...(Object.keys(data).length > 0 && { data }),
  })
}
