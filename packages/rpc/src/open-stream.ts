import type { Call } from './call-state.ts'
import { refuse } from './errors.ts'
import type { StreamRecheck } from './recheck-streams.ts'

/**
 * The messages of a handler's stream until the call ends: when the caller goes away, the deadline passes, the server
 * stops or the caller may not have it any more, the iteration throws at once, even if the handler is waiting for something, and its iterator is closed.
 */
export async function* untilCallEnds<T>(
  call: Call,
  messages: AsyncIterable<T>,
  stopping: AbortSignal,
  recheck: StreamRecheck,
): AsyncGenerator<T, void> {
  const { signal } = call
  const iterator = messages[Symbol.asyncIterator]()
  // One slot instead of a race with one long-lived promise, on which every race would leave a reaction for good.
  let interrupt: (reason: unknown) => void = () => undefined
  const onAbort = (): void => interrupt(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const onStop = (): void =>
    call.abort(refuse('rpc.server_stopping', 'This server is stopping. Connect again.'))
  stopping.addEventListener('abort', onStop, { once: true })
  const deadline = armDeadline(call)
  const unwatch = recheck.watch(call)
  try {
    for (;;) {
      const result = await new Promise<IteratorResult<T>>((resolve, reject) => {
        interrupt = reject
        if (signal.aborted) reject(signal.reason)
        else iterator.next().then(resolve, reject)
      })
      if (result.done) return
      yield result.value
    }
  } finally {
    clearTimeout(deadline)
    unwatch()
    signal.removeEventListener('abort', onAbort)
    stopping.removeEventListener('abort', onStop)
    // Not awaited: a generator that waits for something ends only when that comes, or when it looks at `ctx.signal`.
    iterator.return?.().catch(() => undefined)
  }
}

/** Streams last as long as the caller wants, unless the caller set a deadline. */
function armDeadline(call: Call): NodeJS.Timeout | undefined {
  const leftMs = call.deadlineMs - Date.now()
  return Number.isFinite(leftMs) ? setTimeout(() => call.expire(), leftMs) : undefined
}
