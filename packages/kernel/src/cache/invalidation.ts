import { type Bus, MAX_PAYLOAD_BYTES } from '../bus/index.ts'
import type { Executor } from '../db/index.ts'

/** One channel for all caches: a LISTEN each would add up, and names of caches need not be names of channels. */
const CHANNEL = 'mainstay_cache'

/** Says that a key of a cache is out of date. A key too long for a notification clears the whole cache. */
export async function announceInvalidation(
  bus: Pick<Bus, 'notify'>,
  executor: Executor,
  cache: string,
  key: string,
): Promise<void> {
  const message = JSON.stringify([cache, key])
  const fits = Buffer.byteLength(message) <= MAX_PAYLOAD_BYTES
  await bus.notify(executor, CHANNEL, fits ? message : JSON.stringify([cache]))
}

/** @returns a function that stops it. */
export async function listenForInvalidations(
  bus: Pick<Bus, 'listen' | 'onReconnect'>,
  cache: string,
  { forget, clear }: { forget(key: string): void; clear(): void },
): Promise<() => void> {
  const stopWaiting = bus.onReconnect(clear)
  const stopListening = await bus.listen(CHANNEL, (message) => {
    const [name, key] = JSON.parse(message) as [string, string?]
    if (name !== cache) return
    if (key === undefined) clear()
    else forget(key)
  })
  return () => {
    stopWaiting()
    stopListening()
  }
}
