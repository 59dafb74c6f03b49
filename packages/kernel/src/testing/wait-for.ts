import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** Default 10,000. */
  timeoutMs?: number
  /** What is waited for, for the failure's message: "the message to be delivered". */
  what?: string
  /** Default 10. */
  everyMs?: number
}

/**
 * Waits for a fact: calls `check` until it returns something truthy, and returns that. An error thrown by the check
 * counts as "not yet", and is the cause of the failure when time runs out.
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'it', everyMs = 10 }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      const found = await check()
      if (found) return found as Exclude<T, false | null | undefined | 0 | ''>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause })
    await delay(everyMs)
  }
}
