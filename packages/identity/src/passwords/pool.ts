import { appError } from '@mainstay/kernel'
import { reasons } from '../errors.ts'

/**
 * Lets so many hashes run at once and so many wait; beyond that `identity.passwords_busy`. A hash takes 10 ms of a core on a thread that
 * everything else needs as well: a flood of sign-ins must not be what all other calls wait for.
 */
export function createPool({ atOnce, waiting: mostWaiting }: { atOnce: number; waiting: number }) {
  let running = 0
  const waiting: (() => void)[] = []

  return async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) {
        throw appError(
          reasons,
          'identity.passwords_busy',
          'Too many people sign in by a password at this moment. Try again shortly, or sign in by a code.',
          { retryAfterMs: 1000 },
        )
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // Whoever is next takes the place: `running` stays as it is.
      if (next === undefined) running--
      else next()
    }
  }
}
