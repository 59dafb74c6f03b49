import { startChild } from '../child.ts'
import type { Contender } from './contender.ts'
import type { Added, Ask } from './peer.ts'

/** A peer in a process of its own, and what it stores in, which it drops when it stops. */
export async function startPeer(
  name: string,
  module: string,
  store: { url: string; drop(): Promise<void> },
): Promise<Contender> {
  const main = new URL('./peer-main.ts', import.meta.url)
  const { child } = await startChild(main, [module, store.url]).catch(async (error: unknown) => {
    await store.drop()
    throw error
  })
  let accepted = 0
  const stop = async () => {
    await child.stop()
    await store.drop()
  }
  return {
    name,
    async acceptFor(durationMs) {
      const { perSecond, jobs } = await child.ask<Added>({ addForMs: durationMs } satisfies Ask)
      accepted += jobs
      return { perSecond }
    },
    async finish() {
      const stored = await child.ask<number>('count' satisfies Ask)
      if (stored !== accepted) throw new Error(`${name} added ${accepted} jobs, and ${stored} are stored`)
    },
    stop,
  }
}
