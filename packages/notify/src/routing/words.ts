import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import { channelName } from '../providers/outgoing.ts'
import { limitOf } from './account-routing.ts'
import type { PassedOver } from './choose.ts'
import type { CapHit } from './spend-store.ts'

/** Why a message that no account takes now waits, for people. */
export function waitingWords(
  candidates: readonly ProviderCandidate[],
  rejected: readonly PassedOver[],
  turn: ProviderCandidate | undefined,
): string {
  if (candidates.length === 0) return 'No provider account takes it: add one, or switch one on.'
  if (turn !== undefined) {
    const perSecond = Math.round(limitOf(turn) * 100) / 100
    return `Waiting for its turn: ${turn.displayName} takes ${perSecond} ${perSecond === 1 ? 'message' : 'messages'} a second.`
  }
  const reasons = new Map(rejected.map(({ account, reason }) => [account, reason]))
  const names = candidates.map(({ displayName }) => displayName).join(', ')
  const atRest = candidates.every(({ providerAccountId }) =>
    reasons.get(providerAccountId)?.startsWith('resting'),
  )
  if (atRest) return `Waiting for a provider account that works: ${names}.`
  const told = candidates.map(
    ({ displayName, providerAccountId }) =>
      `${displayName} (${reasons.get(providerAccountId) ?? 'takes nothing now'})`,
  )
  return `Waiting for a provider account that takes it: ${told.join(', ')}.`
}

/** Why a message over a cap waits. Codes wait, too: a cap that lets some through is none. */
export function cappedWords(hit: CapHit, currency: string): string {
  const channel = channelName(hit.channel)
  const what = channel === undefined ? 'all channels' : channel === 'sms' ? 'SMS' : channel
  const where = hit.country === '' ? '' : ` to ${hit.country}`
  const most = `${hit.limitMicros / 1_000_000}${currency === '' ? '' : ` ${currency}`}`
  return `Waiting: today's spend cap of ${most} for ${what}${where} is used up. It is sent when the cap is raised or the day ends (UTC), unless it expires before.`
}
