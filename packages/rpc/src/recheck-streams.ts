import { withTrace } from '@mainstay/kernel'
import type { Call } from './call-state.ts'
import type { Ports } from './ports.ts'

/** Asks again whether the callers of open streams may still have them. */
export interface StreamRecheck {
  /** Looks after this stream until the function it answers with is called. */
  watch(call: Call): () => void
}

/** With `TICK_MS`, a revoked key's streams end within a second. */
const KEY_EVERY_MS = 700
/** A session costs a read of the database each time. */
const SESSION_EVERY_MS = 5_000
const TICK_MS = 250

/**
 * Authenticates and authorises open streams again, an API key's every second and a session's every five: a stream ends
 * with the error that a new call would be refused with, a database that does not answer included. One timer serves all
 * streams, and there is none while no stream is open.
 */
export function createStreamRecheck(ports: Ports): StreamRecheck {
  const authenticate = ports.reauthenticate ?? ports.authenticate
  const dueMs = new Map<Call, number>()
  let timer: NodeJS.Timeout | undefined

  async function check(call: Call): Promise<void> {
    try {
      const caller = await authenticate(call)
      await ports.authorise(caller, call.info.rule, call)
      if (dueMs.has(call)) dueMs.set(call, nextMs(call))
    } catch (error) {
      call.abort(error)
    }
  }

  function tick(): void {
    const nowMs = performance.now()
    for (const [call, atMs] of dueMs) {
      if (atMs > nowMs) continue
      dueMs.set(call, Number.POSITIVE_INFINITY) // until this check has ended
      void withTrace(call.trace, () => check(call))
    }
  }

  return {
    watch(call) {
      if (call.info.rule.public) return () => undefined
      dueMs.set(call, nextMs(call))
      timer ??= setInterval(tick, TICK_MS).unref()
      return () => {
        dueMs.delete(call)
        if (dueMs.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

function nextMs(call: Call): number {
  return performance.now() + (call.caller.kind === 'api_key' ? KEY_EVERY_MS : SESSION_EVERY_MS)
}
