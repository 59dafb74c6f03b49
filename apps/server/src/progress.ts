import type { Logger } from '@mainstay/kernel'

/** Tells that something long begins; call the answer with how it ended. */
export type Progress = (what: string) => (outcome: 'done' | 'failed') => void

/** For a person: `Setting up the database… done (1.2 s)`, on one line. */
export function terminalProgress(write: (text: string) => unknown): Progress {
  return (what) => {
    const startedAt = performance.now()
    write(`${what}… `)
    return (outcome) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      write(outcome === 'done' ? `done (${seconds} s)\n` : 'failed\n')
    }
  }
}

/** For a log: one line at the end. */
export function logProgress(logger: Logger): Progress {
  return (what) => {
    const startedAt = performance.now()
    return (outcome) => logger.info({ durationMs: Math.round(performance.now() - startedAt), outcome }, what)
  }
}
