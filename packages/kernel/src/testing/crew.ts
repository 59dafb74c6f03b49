import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { type WaitOptions, waitFor } from './wait-for.ts'

export interface CrewOptions {
  /** Starts one process; `ready` settles when it is at work. Killing one that has not begun proves nothing. */
  hire(): { process: ChildProcess; ready: Promise<unknown> }
  /** How many are kept. */
  workers: number
  /**
   * One of them, at random, is killed this long, on average, after all are at work: so that however slow the machine, there is
   * somebody at work all the time.
   */
  killEveryMs: number
  /** Kills at the most; starting a worker takes a second of a processor. Default: no limit. */
  mostKills?: number
}

/** Worker processes that are killed at random, and replaced. */
export interface Crew {
  /**
   * Kills and replaces until the work is done, which is told how many were killed so far. Returns how many were in all. Throws when
   * one ends by itself.
   */
  workUntil(isDone: (kills: number) => boolean | Promise<boolean>, wait: WaitOptions): Promise<number>
  /** Kills those that are left. */
  stop(): Promise<void>
}

export function createCrew(options: CrewOptions): Crew {
  const { workers, killEveryMs, mostKills = Number.POSITIVE_INFINITY } = options
  const crew = new Set<ChildProcess>()
  const atWork = new Set<ChildProcess>()
  const condemned = new Set<ChildProcess>()
  let failure: Error | undefined

  function hire(): void {
    const { process, ready } = options.hire()
    crew.add(process)
    ready.then(
      () => crew.has(process) && atWork.add(process),
      (error: Error) => condemned.has(process) || fail(error),
    )
    process.once('exit', (code) => {
      crew.delete(process)
      atWork.delete(process)
      if (!condemned.has(process)) fail(new Error(`a worker ended by itself with ${code}`))
    })
  }

  function fail(error: Error): void {
    failure ??= error
  }

  function kill(process: ChildProcess): void {
    condemned.add(process)
    atWork.delete(process)
    process.kill('SIGKILL')
  }

  return {
    async workUntil(isDone, wait) {
      for (let count = 0; count < workers; count++) hire()
      let kills = 0
      const over = new AbortController()
      const murder = (async () => {
        while (kills < mostKills) {
          await waitFor(() => over.signal.aborted || atWork.size === workers, wait)
          await delay(killEveryMs * (0.5 + Math.random()), undefined, { signal: over.signal })
          const victim = [...atWork][Math.floor(Math.random() * atWork.size)]
          if (victim === undefined) continue
          kill(victim)
          kills++
          hire()
        }
      })().catch((error: unknown) => {
        if (!over.signal.aborted) throw error
      })
      await waitFor(async () => failure !== undefined || (await isDone(kills)), wait).finally(() =>
        over.abort(),
      )
      await murder
      if (failure !== undefined) throw failure
      return kills
    },
    async stop() {
      for (const process of crew) kill(process)
      await waitFor(() => crew.size === 0)
    },
  }
}
