import { type Clock, type Db, fromTypeId, newId, type Tx } from '@mainstay/kernel'
import type { Delivered } from '../mailbox/store.ts'
import { channelNumber, type Outgoing, type OutgoingEmail } from '../providers/outgoing.ts'
import { storeItem } from './store.ts'

export interface ShelfDeps {
  db: Db
  clock: Clock
  /** Called in the transaction that marked messages as delivered. */
  announceDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void>
}

/** Everything but mail: mail goes to the sandbox mailbox. */
export type ShelfMessage = Exclude<Outgoing, OutgoingEmail>

/** Where the sandbox keeps what a phone, a chat or an endpoint would have got. */
export function createShelf({ db, clock, announceDelivered }: ShelfDeps) {
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
      await db.transaction(async (tx) => {
        const delivered = await storeItem(tx, item, clock.now())
        if (delivered.length > 0) await announceDelivered(tx, delivered)
      })
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
