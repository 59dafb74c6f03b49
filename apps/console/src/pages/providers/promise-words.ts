import { formatDuration } from '../../format/duration.ts'
import { formatCount } from '../../format/number.ts'
import type { Promises } from './provider-choices.ts'

/** One promise of a provider: a few words, whether it helps, and what it means for messages. */
export interface PromiseWord {
  word: string
  /** Undefined: neither good nor bad. */
  good: boolean | undefined
  meaning: string
}

/** What a provider promises, in the order of what it is worth when an answer is lost. */
export function promiseWords(promises: Promises): PromiseWord[] {
  const { idempotencyWindowMs, lookup, reports, priceUnit, messagesPerSecond } = promises
  const words: PromiseWord[] = [
    idempotencyWindowMs === undefined
      ? {
          word: 'No idempotency key',
          good: false,
          meaning: 'A repeated call may send twice.',
        }
      : {
          word: `Idempotency key, ${formatDuration(idempotencyWindowMs)}`,
          good: true,
          meaning: 'A lost answer is asked for again with the same key; nothing goes out twice.',
        },
    lookup
      ? { word: 'Look-up', good: true, meaning: 'It can be asked what became of a message.' }
      : { word: 'No look-up', good: false, meaning: 'It cannot be asked what became of a message.' },
    reports
      ? { word: 'Delivery reports', good: true, meaning: 'It tells when messages arrive or bounce.' }
      : { word: 'No reports', good: false, meaning: 'It does not tell whether messages arrive.' },
  ]
  if (priceUnit) {
    const word = priceUnit === 'free' ? 'Free' : `Priced per ${priceUnit}`
    words.push({ word, good: undefined, meaning: '' })
  }
  if (messagesPerSecond > 0) {
    const rate =
      messagesPerSecond < 10 ? Math.round(messagesPerSecond * 10) / 10 : Math.floor(messagesPerSecond)
    words.push({
      word: `${formatCount(rate)} a second`,
      good: undefined,
      meaning: 'What it takes of a new account, as documented.',
    })
  }
  return words
}
