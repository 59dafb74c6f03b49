/** Lets one loop sleep until it is woken, its time is up, or `stop` is aborted. A wake while it works is not lost. */
export interface WakeSignal {
  wake(): void
  wait(timeoutMs?: number): Promise<void>
}

export function createWakeSignal(stop: AbortSignal): WakeSignal {
  let woken = false
  let resume: (() => void) | undefined
  const wake = (): void => {
    woken = true
    resume?.()
  }
  stop.addEventListener('abort', wake, { once: true })
  return {
    wake,
    async wait(timeoutMs) {
      if (!woken && !stop.aborted) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          resume = resolve
          if (timeoutMs !== undefined) timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS))
        })
        clearTimeout(timer)
        resume = undefined
      }
      woken = false
    },
  }
}

/** setTimeout takes a longer one for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls `fn` for each item, at most `limit` at a time, in the items' order of starting. */
export async function forEachLimit<T>(
  items: Iterable<T>,
  limit: number,
  fn: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const run = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await fn(next.value)
  }
  await Promise.all(Array.from({ length: limit }, run))
}
