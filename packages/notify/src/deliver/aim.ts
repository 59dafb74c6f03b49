import type { Clock } from '@mainstay/kernel'
import { UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import type { RoutingFacts } from '../routing/choose.ts'
import type { PickedRow } from './claim-store.ts'
import { Doubt, meansOf, nextStep } from './doubt.ts'
import type { Lane } from './lanes.ts'
import type { RetryPolicies } from './settings.ts'

interface AimDeps {
  clock: Clock
  policies: RetryPolicies
  /** See ClaimDeps. */
  reportWaitMs: Readonly<Record<Lane, number>>
}

type AimedRow = Pick<
  PickedRow,
  | 'lane'
  | 'doubt'
  | 'doubtMs'
  | 'expireMs'
  | 'leaseEpoch'
  | 'possibleDuplicate'
  | 'previousAccountId'
  | 'unknownPolicy'
>

/** What the next attempt is for. */
export interface Aim {
  doubt: Doubt
  isResend: boolean
  binding: Pick<RoutingFacts, 'only' | 'prefer'>
}

/** Why a message in doubt is left for review. */
export const NOTHING_TOLD = 'The answer was lost, and nothing told what became of it.'

/**
 * What the next attempt is for, and which account it is bound to. After a lost answer that is the account that was asked,
 * for as long as it can recognise the message or tell of it; after that the message's policy decides, and undefined means
 * that it may not be sent again.
 */
export function takeAim(
  { clock, policies, reportWaitMs }: AimDeps,
  row: AimedRow,
  candidates: readonly ProviderCandidate[],
): Aim | undefined {
  const asked = row.previousAccountId ?? undefined
  if (row.doubt === Doubt.NONE) {
    return { doubt: Doubt.NONE, isResend: false, binding: row.possibleDuplicate ? { prefer: asked } : {} }
  }
  const nowMs = clock.nowMs()
  const account = candidates.find(({ providerAccountId }) => providerAccountId === asked)
  const means = meansOf(account, reportWaitMs[row.lane])
  const isLate = row.expireMs <= nowMs
  const step = nextStep(means, row.doubt, row.doubtMs ?? nowMs, nowMs)
  if (step === row.doubt && !(step === Doubt.REPEAT && isLate)) {
    return { doubt: step, isResend: false, binding: { only: asked } }
  }
  const mayResend = row.unknownPolicy === UnknownPolicy.AT_LEAST_ONCE && !isLate
  if (!mayResend || row.leaseEpoch >= policies[row.lane].maxAttempts) return
  return { doubt: Doubt.NONE, isResend: true, binding: { prefer: asked } }
}
