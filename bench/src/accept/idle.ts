import { setTimeout as pause } from 'node:timers/promises'
import { shippedNodeFlags, startChild } from '../child.ts'
import type { ServerReady } from './mainstay-main.ts'
import { residentMiB } from './resident-memory.ts'

export interface Idle {
  /** From the start of the process until it answers calls, on a data folder that is already there. */
  secondStartMs: number
  /** Undefined where the system does not tell. */
  idleMiB: number | undefined
}

/** Starts the whole program twice in `home` and measures the second start, and its memory once `settleMs` have passed. */
export async function measureIdle(home: string, settleMs: number): Promise<Idle> {
  await (await startServerProcess('all', home)).child.stop()
  const startedAt = performance.now()
  const { child, ready } = await startServerProcess('all', home)
  try {
    const secondStartMs = performance.now() - startedAt
    await pause(settleMs)
    return { secondStartMs, idleMiB: residentMiB(ready.pid) }
  } finally {
    await child.stop()
  }
}

export function startServerProcess(
  role: 'all' | 'api',
  home: string,
  settings: Readonly<Record<string, string>> = {},
) {
  const main = new URL('./mainstay-main.ts', import.meta.url)
  return startChild<ServerReady>(main, [role, home, JSON.stringify(settings)], shippedNodeFlags())
}
