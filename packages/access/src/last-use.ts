import type { Clock, Logger } from '@mainstay/kernel'
import type { CachedKey } from './key-cache.ts'

/** One key's latest use. */
export interface KeyUse {
  projectId: string
  apiKeyId: string
  useTime: Date
}

export interface LastUse {
  /** Cheap enough for every request: usually one comparison. */
  note(key: CachedKey, nowMs: number): void
  /** Writes what is noted now. */
  flush(): Promise<void>
  /** Writes what is noted and stops. */
  stop(): Promise<void>
}

/**
 * Notes when keys were last used, at most once a minute per key and process, and writes the notes of all keys in one
 * statement a few seconds later. A crash loses the last few seconds of notes, which is why the contract says
 * "within a minute" and nothing is ever decided by them.
 */
export function createLastUse(options: {
  write(uses: readonly KeyUse[]): Promise<void>
  clock: Clock
  logger: Pick<Logger, 'warn'>
}): LastUse {
  let noted = new Map<string, KeyUse>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    if (noted.size === 0) return
    const uses = noted
    noted = new Map()
    try {
      await options.write([...uses.values()])
    } catch (error) {
      options.logger.warn(
        { err: error, keys: uses.size },
        'the last use of some API keys could not be written yet',
      )
      for (const [id, use] of uses) if (!noted.has(id)) noted.set(id, use)
      schedule()
    }
  }
  const schedule = (): void => {
    if (timer !== undefined || stopped) return
    timer = setTimeout(() => void flush(), FLUSH_AFTER_MS)
    timer.unref()
  }

  return {
    note(key, nowMs) {
      if (nowMs - key.notedUseMs < NOTE_EVERY_MS) return
      key.notedUseMs = nowMs
      noted.set(key.apiKeyId, {
        projectId: key.projectId,
        apiKeyId: key.apiKeyId,
        useTime: options.clock.now(),
      })
      schedule()
    },
    flush,
    async stop() {
      stopped = true
      await flush()
    },
  }
}

/** Together just under the minute that the contract promises. */
const NOTE_EVERY_MS = 50_000
const FLUSH_AFTER_MS = 5_000
