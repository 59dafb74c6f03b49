/**
 * Calls `fn` when the signal aborts, at once if it already has; the result takes the registration back.
 *
 * Hundreds of sends share one signal. One listener per signal with a set behind it keeps both registering and
 * leaving O(1), where `removeEventListener` walks the list, and raises no MaxListenersExceededWarning.
 */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) {
    fn()
    return () => {}
  }
  let callbacks = registered.get(signal)
  if (callbacks === undefined) {
    const created = new Set<() => void>()
    signal.addEventListener('abort', () => runAll(created), { once: true })
    registered.set(signal, created)
    callbacks = created
  }
  const own = callbacks
  own.add(fn)
  return () => own.delete(fn)
}

const registered = new WeakMap<AbortSignal, Set<() => void>>()

function runAll(callbacks: Set<() => void>): void {
  for (const callback of callbacks) callback()
  callbacks.clear()
}
