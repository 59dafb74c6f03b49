import { existsSync, rmSync } from 'node:fs'
import { startTestServer, temporaryHome } from '@mainstay/kernel/testing'
import type { Contender } from './accept/contender.ts'
import { type Idle, measureIdle } from './accept/idle.ts'
import { startMainstay } from './accept/mainstay.ts'
import { startPeer } from './accept/peer-process.ts'
import { createDatabase } from './deliver/databases.ts'
import { REDIS_SERVER, startRedis } from './deliver/redis.ts'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'

interface Measured {
  perSecond: number
  p50Ms?: number
  p99Ms?: number
}

/**
 * Durable 202s over HTTP, with authentication, validation, idempotency key and dedupe key, beside the peers' way of
 * adding one job, called inside their own process: as many callers, as durable a store, in the same rounds. Also what
 * the whole program takes when nobody calls it, and how soon a second start answers.
 */
export const bench: Bench = { name: 'accept', run }

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const [rounds, durationMs] = quick ? [3, 1200] : [7, 4000]
  const home = temporaryHome()
  const started: Contender[] = []
  const measured = new Map<string, Measured[]>()
  const closing: (() => Promise<unknown>)[] = []
  try {
    const idle = await measureIdle(home, quick ? 2000 : 10_000)
    say(`second start ${Math.round(idle.secondStartMs)} ms, idle ${Math.round(idle.idleMiB ?? 0)} MiB`)
    started.push(await startMainstay(home))
    const server = await startTestServer({ durable: true })
    closing.push(() => server.stop())
    await startPeers(server.postgres.superuserConnectionString, started)
    for (const contender of started) await contender.acceptFor(quick ? 700 : 3000)
    for (let at = 1; at <= rounds; at++) {
      for (const contender of started) {
        const result = await contender.acceptFor(durationMs)
        measured.set(contender.name, [...(measured.get(contender.name) ?? []), result])
        say(`round ${at} ${contender.name.padEnd(15)} ${describe(result)}`)
      }
    }
    for (const contender of started) await contender.finish()
    return report(measured, idle)
  } finally {
    await Promise.all(started.map((contender) => contender.stop()))
    for (const close of closing) await close()
    rmSync(home, { recursive: true, force: true })
  }
}

async function startPeers(postgres: string, started: Contender[]): Promise<void> {
  if (existsSync(REDIS_SERVER)) started.push(await startPeer('bullmq', 'bullmq', await startRedis()))
  else say(`BullMQ is left out: there is no ${REDIS_SERVER}`)
  const database = await createDatabase(postgres, 'graphile-worker')
  started.push(await startPeer('graphileWorker', 'graphile-worker', database))
  started.push(await startPeer('pgBoss', 'pg-boss', await createDatabase(postgres, 'pg-boss')))
}

function report(
  measured: ReadonlyMap<string, readonly Measured[]>,
  { secondStartMs, idleMiB }: Idle,
): BenchReport {
  const middle = (name: string, figure: keyof Measured): number =>
    median((measured.get(name) ?? []).map((result) => result[figure] ?? Number.NaN))
  const ours = Math.round(middle('mainstay', 'perSecond'))
  const peerNames = [...measured.keys()].filter((name) => name !== 'mainstay')
  const peers = Object.fromEntries(peerNames.map((name) => [name, Math.round(middle(name, 'perSecond'))]))
  const figures = {
    acceptedPerSecond: ours,
    p50Ms: round(middle('mainstay', 'p50Ms')),
    p99Ms: round(middle('mainstay', 'p99Ms')),
    secondStartMs: Math.round(secondStartMs),
    ...(idleMiB === undefined ? {} : { idleMiB: Math.round(idleMiB) }),
  }
  const ratios = Object.fromEntries(
    Object.entries(peers).map(([name, rate]) => [`over.${name}`, round(ours / rate)]),
  )
  const targets = { acceptedPerSecond: 12_000, ...('bullmq' in peers ? { 'over.bullmq': 0.6 } : {}) }
  const limits = { secondStartMs: 3000, ...(idleMiB === undefined ? {} : { idleMiB: 250 }) }
  const ok = meetsTargets({ figures, ratios, targets, limits })
  return { bench: bench.name, machine: describeMachine(), figures, peers, ratios, targets, limits, ok }
}

function describe({ perSecond, p50Ms, p99Ms }: Measured): string {
  const times = p50Ms === undefined ? '' : `  p50 ${round(p50Ms)} ms  p99 ${round(p99Ms ?? 0)} ms`
  return `${Math.round(perSecond)}/s${times}`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
