import { type Clock, newId, type Tx } from '@mainstay/kernel'
import { normaliseAddress } from '../providers/mailboxes.ts'
import { channelNumber, type ProviderChannel } from '../providers/outgoing.ts'
import { withPlus } from '../providers/phone-numbers.ts'
import { SUPPRESSION_REASONS, type SuppressionReason } from './reason.ts'
import { suppressAddresses, suppressMessages } from './store.ts'

/** An event with what is known of whom it is about. */
export interface AddressEvent {
  projectId: string
  accountId: string
  /** Of provider_events. */
  kind: number
  detail: string
  /** uuid; null when no message of ours is known to be meant. */
  messageId: string | null
  /** As the provider tells it. */
  address?: string | undefined
  /** Of the account. */
  channel: ProviderChannel
  live: boolean
}

const REASONS: Readonly<Record<number, SuppressionReason | undefined>> = {
  4: SUPPRESSION_REASONS.bounced,
  5: SUPPRESSION_REASONS.complained,
  7: SUPPRESSION_REASONS.unsubscribed,
}

/**
 * Suppresses the addresses that events condemn. Where the message is known its own address counts, since mail may have been
 * forwarded to another one; where it is not, the provider's word does, as it does for what other programs sent by this account.
 */
export async function suppressFromEvents(
  tx: Tx,
  events: readonly AddressEvent[],
  clock: Clock,
): Promise<void> {
  const condemned = events.flatMap((event) => {
    const reason = REASONS[event.kind]
    return reason === undefined ? [] : [{ ...event, reason, suppressionId: newId(clock) }]
  })
  if (condemned.length === 0) return
  await suppressKnown(tx, condemned, clock)
  const strangers = condemned.flatMap((event) => {
    const address = event.messageId === null ? readAddress(event) : undefined
    return address === undefined ? [] : [{ ...event, address, channel: channelNumber(event.channel) }]
  })
  await suppressAddresses(tx, strangers, clock.now())
}

/** Suppresses the addresses of the messages that events are known to condemn. */
export async function suppressKnown(
  tx: Tx,
  events: readonly Pick<AddressEvent, 'projectId' | 'accountId' | 'kind' | 'detail' | 'messageId'>[],
  clock: Clock,
): Promise<void> {
  const condemned = events.flatMap(({ messageId, kind, ...rest }) => {
    const reason = REASONS[kind]
    if (reason === undefined || messageId === null) return []
    return [{ ...rest, messageId, reason, suppressionId: newId(clock) }]
  })
  await suppressMessages(tx, condemned, clock.now())
}

/** Undefined for what is no address. Only email and phone numbers mean the same to everybody. */
function readAddress({ channel, address }: AddressEvent): string | undefined {
  if (address === undefined) return
  if (channel === 'email') return normaliseAddress(address)
  if (channel !== 'sms' && channel !== 'whatsapp') return
  const number = withPlus(address)
  return number.startsWith('+') && /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined
}
