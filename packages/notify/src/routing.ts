import type { ProviderCandidate } from './provider-accounts/directory.ts'

/** Why an account was passed over; kept with the attempt and shown on the timeline. */
export interface PassedOver {
  /** uuid */
  account: string
  reason: string
}

export interface Route {
  /** Undefined: no account can take the message now. */
  account: ProviderCandidate | undefined
  rejected: readonly PassedOver[]
}

export interface RoutingFacts {
  /** True while an account is resting after a fault of its own, for example a refused sign-in. */
  resting(providerAccountId: string): boolean
  /**
   * The account of an earlier attempt whose answer was lost. It is kept to when it can be, because only that provider
   * can recognise the second message as the first.
   */
  prefer?: string | undefined
  /** The account that alone may take it: the one that was asked before and knows the message by its key. */
  only?: string | undefined
}

/**
 * Picks the account that takes a message: the first by priority that is not resting. A message is never moved to
 * another account because an answer was lost; that is what `prefer` is for.
 */
export function chooseAccount(candidates: readonly ProviderCandidate[], facts: RoutingFacts): Route {
  const rejected: PassedOver[] = []
  const allowed =
    facts.only === undefined
      ? candidates
      : candidates.filter(({ providerAccountId }) => providerAccountId === facts.only)
  for (const account of inOrder(allowed, facts.prefer)) {
    if (!facts.resting(account.providerAccountId)) return { account, rejected }
    rejected.push({ account: account.providerAccountId, reason: 'resting after a fault of the account' })
  }
  return { account: undefined, rejected }
}

function inOrder(candidates: readonly ProviderCandidate[], prefer: string | undefined) {
  const preferred = prefer === undefined ? undefined : candidates.find((c) => c.providerAccountId === prefer)
  return preferred === undefined ? candidates : [preferred, ...candidates.filter((c) => c !== preferred)]
}
