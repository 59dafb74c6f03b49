import { type AppError, appError, type FieldViolation } from '@mainstay/kernel'
import type { Target } from '@mainstay/proto/notify/v1'
import { reasons } from '../errors.ts'
import { normaliseAddress } from '../providers/mailboxes.ts'
import type { MessageChannel } from '../providers/outgoing.ts'
import { mixesScripts } from './mixed-scripts.ts'
import type { FindRecipient } from './recipients.ts'

export interface Addressee {
  /** At least one; each gets a message of its own. Several are a recipient's devices. */
  addresses: readonly string[]
  recipientId: string | null
  /** The language they read; empty when it is not known. */
  locale: string
}

/** Which field of a target names an address of a channel, and what people call it. */
const KINDS = {
  email: { field: 'email', name: 'email address' },
  sms: { field: 'phone', name: 'phone number' },
  whatsapp: { field: 'phone', name: 'phone number' },
  push: { field: 'deviceToken', name: 'device token' },
  chat: { field: 'chat', name: 'place in a chat' },
  webhook: { field: 'url', name: 'URL' },
  inbox: { field: 'recipientId', name: 'recipient’s id' },
} as const satisfies Record<MessageChannel, { field: string; name: string }>

/** Where a message of a channel goes. Throws what is wrong with the target, by its path. */
export async function findAddressee(
  target: Target['target'] | undefined,
  channel: MessageChannel,
  projectId: string,
  findRecipient: FindRecipient,
): Promise<Addressee> {
  const { field, name } = KINDS[channel]
  if (target?.case === 'recipientId') {
    const recipient = await findRecipient(projectId, target.value, channel)
    // An inbox is found by the recipient's id alone: nothing need be known of them.
    if (channel === 'inbox') {
      return { addresses: [target.value], recipientId: target.value, locale: recipient?.locale ?? '' }
    }
    if (recipient === undefined) throw notFound()
    const { addresses, locale } = recipient
    if (addresses.length === 0) {
      throw unreachable(`This recipient has no ${name}.`, 'to.recipientId', `has no ${name}`)
    }
    return {
      addresses: addresses.map((address) => requireAddress(address, channel, 'to.recipientId')),
      recipientId: target.value,
      locale: locale ?? '',
    }
  }
  if (target?.case !== field) {
    throw invalid({ field: 'to', description: `must be a ${name}: set \`to.${field}\`` })
  }
  const address = requireAddress(target.value, channel, `to.${field}`)
  return { addresses: [address], recipientId: null, locale: '' }
}

function requireAddress(text: string, channel: MessageChannel, field: string): string {
  if (channel !== 'email') return text
  const address = normaliseAddress(text)
  if (address !== undefined && mixesScripts(address.slice(address.lastIndexOf('@') + 1))) {
    throw unreachable(
      'Mail is not sent to this address: its host mixes scripts, as look-alikes of other hosts do.',
      field,
      'has a host that mixes scripts, such as Latin with Cyrillic letters',
    )
  }
  if (address !== undefined) return address
  throw unreachable(
    'Mail cannot be sent to this address.',
    field,
    'is no address that mail servers take: use plain letters before the @, and a real host',
  )
}

function notFound(): AppError {
  return appError(
    reasons,
    'notify.recipient_not_found',
    'There is no recipient with this id. Store one with UpdateRecipient, or send to an address.',
    { violations: [{ field: 'to.recipientId', description: 'is not a known recipient' }] },
  )
}

function unreachable(message: string, field: string, description: string): AppError {
  return appError(reasons, 'notify.recipient_unreachable', message, { violations: [{ field, description }] })
}

function invalid(violation: FieldViolation): AppError {
  const message = 'The target does not fit the channel: see the details.'
  return appError(reasons, 'notify.request_invalid', message, { violations: [violation] })
}
