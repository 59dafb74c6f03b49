import { openTestDatabase } from '@mainstay/kernel/testing'
import { limitsMigrations } from '@mainstay/limits'
import { type Child, startChild } from './child.ts'
import { startRedis } from './deliver/redis.ts'
import { contenders, type LimitsTold } from './limits/task.ts'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'

/** Decisions a second of each engine, beside rate-limiter-flexible on the same engine, in the same process, in turn. */
export const bench: Bench = { name: 'limits', run }

const engines = ['memory', 'postgres', 'redis'] as const
type Engine = (typeof engines)[number]

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const rounds = quick ? 5 : 9
  const durationMs = quick ? 500 : 2000
  const database = await openTestDatabase({ sets: [limitsMigrations] })
  const redis = await startRedis()
  const connections: Record<Engine, string> = {
    ...{ memory: '', postgres: database.connectionString, redis: redis.url },
  }
  const children = new Map<Engine, Child>()
  const measured = new Map<string, number[]>()
  try {
    for (const engine of engines) {
      const module = new URL('./limits/contenders-main.ts', import.meta.url)
      const { child } = await startChild(module, [engine, connections[engine]])
      children.set(engine, child)
    }
    for (let index = -1; index < rounds; index++) {
      for (const [engine, child] of children) {
        for (const contender of contenders) {
          const { decisionsPerSecond } = await child.ask<LimitsTold>({ contender, durationMs })
          if (index < 0) continue // warms up
          const name = `${engine} ${contender}`
          measured.set(name, [...(measured.get(name) ?? []), decisionsPerSecond])
          process.stdout.write(`round ${index + 1} ${name.padEnd(30)} ${Math.round(decisionsPerSecond)}/s\n`)
        }
      }
    }
  } finally {
    for (const child of children.values()) await child.stop()
    await redis.drop()
    await database.drop()
  }
  return report(measured)
}

function report(measured: ReadonlyMap<string, readonly number[]>): BenchReport {
  const rates = (engine: Engine, contender: string): readonly number[] =>
    measured.get(`${engine} ${contender}`) ?? []
  const figures: Record<string, number> = {}
  const peers: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  for (const engine of engines) {
    const ours = rates(engine, 'mainstay')
    const theirs = rates(engine, 'rate-limiter-flexible')
    figures[engine] = Math.round(median(ours))
    peers[engine] = Math.round(median(theirs))
    ratios[`${engine}OfPeer`] = round(median(ours.map((rate, index) => rate / (theirs[index] ?? Number.NaN))))
  }
  const targets = { memoryOfPeer: 1, postgresOfPeer: 1, redisOfPeer: 1 }
  const ok = meetsTargets({ figures, ratios, targets })
  return { bench: bench.name, machine: describeMachine(), figures, peers, ratios, targets, ok }
}
