import { type Bus, MAX_PAYLOAD_BYTES } from '../bus/index.ts'
import type { Executor } from '../db/index.ts'

const CHANNEL = 'mainstay_cache'

/** Announces that a key of a cache is out of date. A key too long for a notification clears the whole cache. */
export async function sendInvalidation(
  bus: Bus,
  executor: Executor,
  cache: string,
  key: string,
): Promise<void> {
  const message = JSON.stringify([cache, key])
  const fits = Buffer.byteLength(message) <= MAX_PAYLOAD_BYTES
  await bus.notify(executor, CHANNEL, fits ? message : JSON.stringify([cache]))
}

export async function listenForInvalidations(
  bus: Bus,
  cache: string,
  { forget, clear }: { forget(key: string): void; clear(): void },
): Promise<() => void> {
  const stopListening = await bus.listen(CHANNEL, (message) => {
    const [name, key] = JSON.parse(message) as [string, string?]
    if (name !== cache) return
    if (key === undefined) clear()
    else forget(key)
  })
  const stopWaiting = bus.onReconnect(clear)
  return () => {
    stopListening()
    stopWaiting()
  }
}
