import { hash } from 'node:crypto'
import { RATES } from '../plan.ts'

/**
 * What a peer does to one call: answers (`none`, or `slow`); takes the message and is silent, hangs up, resets the connection
 * or says 500; hangs up without taking it; or refuses it, for now or for good.
 */
export type Mischief =
  | 'none'
  | 'slow'
  | 'silent'
  | 'cut'
  | 'reset'
  | 'failed_after'
  | 'cut_before'
  | 'unavailable'
  | 'throttled'
  | 'refused'

/** After these nobody but the peer knows whether the message went out. */
export const IN_DOUBT: ReadonlySet<Mischief> = new Set([
  'silent',
  'cut',
  'reset',
  'failed_after',
  'cut_before',
])

/** After these the message is at the provider. */
export const TAKEN: ReadonlySet<Mischief> = new Set([
  'none',
  'slow',
  'silent',
  'cut',
  'reset',
  'failed_after',
])

/** A message that is refused for good is refused however often it comes; all else is by chance. */
export function rollMischief(messageId: string): Mischief {
  if (Number.parseInt(hash('sha1', messageId).slice(0, 8), 16) / 2 ** 32 < RATES.refused) return 'refused'
  let dice = Math.random()
  for (const [mischief, rate] of Object.entries(RATES)) {
    if (mischief === 'refused') continue
    dice -= rate
    if (dice < 0) return mischief as Mischief
  }
  return 'none'
}
