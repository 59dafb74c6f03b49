import { setTimeout as delay } from 'node:timers/promises'
import type { Bus, Db, Logger } from '@mainstay/kernel'
import { QUEUE_CHANNEL } from './deliver/deliverer.ts'

/** Tells workers that the queue has something new. */
export interface WakeUp {
  /** Cheap enough for every commit: workers of this process are told at once, those elsewhere at most every 20 ms. */
  workers(): void
  /** For the deliverer: both kinds of word. */
  listen(channel: string, fn: () => void): Promise<() => void>
  stop(): Promise<void>
}

/** A NOTIFY takes a lock that all commits with one share: at thousands of commits a second it must not be one each. */
const GAP_MS = 20

/** The bus, with a short cut for this process. Word that is lost costs a poll interval, never a message. */
export function createWakeUp(deps: {
  bus: Pick<Bus, 'listen' | 'notify'>
  db: Db
  logger: Pick<Logger, 'debug'>
}): WakeUp {
  const { bus, db, logger } = deps
  const local = new Set<() => void>()
  let telling: Promise<void> | undefined
  let again = false

  async function tellOthers(): Promise<void> {
    while (again) {
      again = false
      try {
        await bus.notify(db, QUEUE_CHANNEL)
      } catch (err) {
        logger.debug(
          { err },
          'workers elsewhere could not be told about the queue: they will find it when they poll',
        )
      }
      await delay(GAP_MS)
    }
  }

  return {
    workers() {
      for (const fn of local) fn()
      again = true
      telling ??= tellOthers().finally(() => {
        telling = undefined
      })
    },
    async listen(channel, fn) {
      local.add(fn)
      const unlisten = await bus.listen(channel, fn)
      return () => {
        local.delete(fn)
        unlisten()
      }
    },
    async stop() {
      await telling
    },
  }
}
