import type { Logger } from '@mainstay/kernel'

export interface NewestOnlyDeps {
  /** Deletes all of a project but what is to be kept. */
  trim(projectId: string): Promise<void>
  logger: Pick<Logger, 'warn'>
  /** For the log: `the sandbox mailbox`. */
  what: string
}

/** Shelves are trimmed after this many things, and may hold as many too many. */
const TRIM_EVERY = 100

/**
 * Keeps what the sandbox holds of each project to the newest. Call it for each thing that was stored; every hundredth call
 * trims. The first one since the start trims too: the setting may have been lowered. A failure is logged, and the next
 * hundredth call tries again.
 */
export function createNewestOnly({
  trim,
  logger,
  what,
}: NewestOnlyDeps): (projectId: string) => Promise<void> {
  const sinceTrim = new Map<string, number>()
  return async (projectId) => {
    const count = (sinceTrim.get(projectId) ?? TRIM_EVERY) + 1
    sinceTrim.set(projectId, count > TRIM_EVERY ? 0 : count)
    if (count <= TRIM_EVERY) return
    await trim(projectId).catch((err: unknown) => logger.warn({ err }, `${what} could not be trimmed`))
  }
}
