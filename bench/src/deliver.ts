import { existsSync } from 'node:fs'
import { startTestServer } from '@mainstay/kernel/testing'
import { type Child, startChild } from './child.ts'
import type { Ask } from './deliver/contender.ts'
import { createDatabase } from './deliver/databases.ts'
import { REDIS_SERVER, startRedis } from './deliver/redis.ts'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'

interface Contender {
  name: string
  module: string
  store: 'postgres' | 'redis'
}

const contenders: readonly Contender[] = [
  { name: 'mainstay', module: 'mainstay', store: 'postgres' },
  { name: 'graphileWorker', module: 'graphile-worker', store: 'postgres' },
  { name: 'pgBoss', module: 'pg-boss', store: 'postgres' },
  { name: 'bullmq', module: 'bullmq', store: 'redis' },
]

/**
 * Delivers a queue of accepted messages to an HTTP endpoint in another process: claimed, journaled, posted, recorded. The
 * peers do the same durable job with what they offer for speed; they journal nothing. Jobs are stored before the clock
 * starts, and it stops when the last one is recorded as done.
 */
export const bench: Bench = { name: 'deliver', run }

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const [jobs, rounds] = quick ? [10_000, 1] : [20_000, 5]
  const entered = contenders.filter(({ store }) => store === 'postgres' || existsSync(REDIS_SERVER))
  if (entered.length < contenders.length) say(`BullMQ is left out: there is no ${REDIS_SERVER}`)
  const measured = new Map<string, number[]>(entered.map(({ name }) => [name, []]))
  const server = await startTestServer({ durable: true })
  try {
    for (let at = 1; at <= rounds; at++) {
      for (const contender of entered) {
        const perSecond = await measure(contender, jobs, server.postgres.superuserConnectionString)
        measured.get(contender.name)?.push(perSecond)
        say(`round ${at} ${contender.name.padEnd(15)} ${Math.round(perSecond)}/s`)
      }
    }
  } finally {
    await server.stop()
  }
  return report(measured)
}

async function measure(contender: Contender, jobs: number, postgres: string): Promise<number> {
  const store =
    contender.store === 'redis' ? await startRedis() : await createDatabase(postgres, contender.module)
  const sink = await startChild<number>(new URL('./deliver/sink-main.ts', import.meta.url))
  let worker: Child | undefined
  try {
    const sinkUrl = `http://127.0.0.1:${sink.ready}`
    const main = new URL('./deliver/contender-main.ts', import.meta.url)
    const started = await startChild(main, [contender.module, store.url, sinkUrl, String(jobs)])
    worker = started.child
    await store.settle()
    const startedAt = performance.now()
    await worker.ask('start' satisfies Ask)
    // Asking is cheap but not free: first only the sink, then only the store.
    while ((await sink.child.ask<number>('received')) < jobs) await pause()
    while ((await worker.ask<number>('remaining' satisfies Ask)) > 0) await pause()
    const seconds = (performance.now() - startedAt) / 1000
    await worker.ask('stop' satisfies Ask)
    return jobs / seconds
  } finally {
    await worker?.stop()
    await sink.child.stop()
    await store.drop()
  }
}

function report(measured: ReadonlyMap<string, readonly number[]>): BenchReport {
  const rates = new Map([...measured].map(([name, perSecond]) => [name, Math.round(median(perSecond))]))
  const ours = rates.get('mainstay') ?? 0
  const peers = [...rates].filter(([name]) => name !== 'mainstay')
  const ratios = Object.fromEntries(peers.map(([name, rate]) => [`over.${name}`, round(ours / rate)]))
  const targets = Object.fromEntries(peers.map(([name]) => [`over.${name}`, 1]))
  const figures = { deliveredPerSecond: ours }
  return {
    bench: 'deliver',
    machine: describeMachine(),
    figures,
    peers: Object.fromEntries(peers),
    ratios,
    targets,
    ok: meetsTargets({ figures, ratios, targets }),
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
