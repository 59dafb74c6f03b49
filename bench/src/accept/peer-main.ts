import type { Added, Ask, Peer } from './peer.ts'
import { CALLERS, payload, SERIAL_MARK } from './task.ts'

/** One peer, calling itself: `node peer-main.ts <module> <url>`. No network but the one to its store. */
const [module, url = ''] = process.argv.slice(2)
const { createPeer }: { createPeer: () => Peer } = await import(`./${module}.ts`)
const peer = createPeer()
await peer.prepare(url)
let serial = 0

process.on('message', async (ask: Ask) => {
  process.send?.(ask === 'count' ? await peer.count() : await addFor(ask.addForMs))
})
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.('ready')

async function addFor(durationMs: number): Promise<Added> {
  const before = serial
  const startedAt = performance.now()
  const endAt = startedAt + durationMs
  const callers = Array.from({ length: CALLERS }, async () => {
    while (performance.now() < endAt) {
      await peer.add(payload(String(serial++).padStart(SERIAL_MARK.length, '0')))
    }
  })
  await Promise.all(callers)
  const jobs = serial - before
  return { jobs, perSecond: (jobs / (performance.now() - startedAt)) * 1000 }
}

async function stop(): Promise<void> {
  await peer.stop()
  process.exit(0)
}
