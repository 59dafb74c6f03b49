/** Wakes one waiting loop. Any number of calls while nobody waits count as one, and none is lost. */
export interface Signal {
  fire(): void
  /** Resolves at the next `fire`, at once when one came since the last wait, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>
}

export function createSignal(): Signal {
  let fired = false
  let wake: (() => void) | undefined
  return {
    fire() {
      fired = true
      wake?.()
    },
    async wait(timeoutMs) {
      if (!fired && timeoutMs > 0) {
        await new Promise<void>((resolve) => {
          // A timer's longest delay is 2^31 - 1 ms; a longer one would fire at once.
          const timer = setTimeout(resolve, Math.min(timeoutMs, 2_147_483_647))
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        wake = undefined
      }
      fired = false
    },
  }
}
