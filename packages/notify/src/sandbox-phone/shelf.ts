import { type Clock, createBatcher, type Db, fromTypeId, type Logger, newId, type Tx } from '@mainstay/kernel'
import type { Delivered } from '../mailbox/store.ts'
import { createNewestOnly } from '../newest-only.ts'
import { channelNumber, type Outgoing, type OutgoingEmail } from '../providers/outgoing.ts'
import { type SandboxItem, storeItems, trimItems } from './store.ts'

export interface ShelfDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'warn'>
  /** Items that a project's phone keeps. */
  keep: number
  /** Called in the transaction that marked messages as delivered. */
  announceDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void>
}

/** Everything but mail: mail goes to the sandbox mailbox. */
export type ShelfMessage = Exclude<Outgoing, OutgoingEmail>

/** Where the sandbox keeps what a phone, a chat or an endpoint would have got. */
export function createShelf({ db, clock, logger, keep, announceDelivered }: ShelfDeps) {
  const keepNewest = createNewestOnly({
    trim: (projectId) => trimItems(db, projectId, keep),
    logger,
    what: 'the sandbox phone',
  })
  /** Messages that come at the same time share a commit. */
  const storing = createBatcher<SandboxItem, void>({
    async run(items) {
      await db.transaction(async (tx) => {
        const delivered = await storeItems(tx, items, clock.now())
        if (delivered.length > 0) await announceDelivered(tx, delivered)
      })
      return items.map(() => undefined)
    },
  })
  return {
    /** Keeps a message, durably, once. */
    async keep(message: ShelfMessage): Promise<void> {
      const messageId = fromTypeId('msg', message.messageId)
      if (messageId === undefined) throw new TypeError('A message has an id of the form msg_…')
      const item = {
        projectId: message.projectId,
        itemId: newId(clock),
        messageId,
        channel: channelNumber(message.channel),
        from: message.from,
        to: message.to,
        noteId: newId(clock),
        ...faceOf(message),
      }
      await storing.submit(item)
      await keepNewest(message.projectId)
    },
  }
}

/** What people see of it. */
function faceOf(message: ShelfMessage): { title: string; body: string; detail: string } {
  switch (message.channel) {
    case 'sms':
    case 'chat':
      return { title: '', body: message.text, detail: '{}' }
    case 'whatsapp': {
      const { content } = message
      if ('text' in content) return { title: '', body: content.text, detail: '{}' }
      return { title: content.template, body: content.parameters.join('\n'), detail: JSON.stringify(content) }
    }
    case 'push': {
      const { title, body, data, imageUrl, actionUrl } = message
      return { title, body, detail: JSON.stringify({ data, imageUrl, actionUrl }) }
    }
    case 'webhook':
      return { title: message.type, body: message.data, detail: '{}' }
  }
}
