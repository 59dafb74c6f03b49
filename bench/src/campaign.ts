import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestServer } from '@mainstay/kernel/testing'
import { type CampaignRun, runCampaign } from './campaign/mainstay.ts'
import { startChild } from './child.ts'
import { createDatabase } from './deliver/databases.ts'
import { REDIS_SERVER, startRedis } from './deliver/redis.ts'
import {
  type Bench,
  type BenchOptions,
  type BenchReport,
  describeMachine,
  meetsTargets,
  round,
} from './report.ts'

/**
 * A campaign to a million people, made and delivered to an HTTP endpoint in another process, by the program as it is shipped; 20
 * one-time codes a second are sent meanwhile. The peers fan out as many jobs as their clients add fastest while they work them off,
 * and journal nothing: BullMQ on Redis with `appendfsync always`, and graphile-worker on the same PostgreSQL. listmonk, which is the
 * nearest in kind, sends by SMTP only.
 *
 * A peer is measured with fewer people, since its rate does not depend on how many they are.
 */
export const bench: Bench = { name: 'campaign', run }

const PEERS = [
  { name: 'bullmq', module: 'bullmq', store: 'redis' },
  { name: 'graphileWorker', module: 'graphile-worker', store: 'postgres' },
] as const

async function run({ quick, recipients }: BenchOptions): Promise<BenchReport> {
  const people = recipients ?? (quick ? 30_000 : 1_000_000)
  const peopleOfPeers = quick ? 10_000 : 100_000
  const entered = PEERS.filter(({ store }) => store === 'postgres' || existsSync(REDIS_SERVER))
  if (entered.length < PEERS.length) say(`BullMQ is left out: there is no ${REDIS_SERVER}`)
  const home = mkdtempSync(join(tmpdir(), 'mainstay-bench-campaign-'))
  const peers: Record<string, number> = {}
  try {
    const ours = await runCampaign(home, people, say)
    say(`mainstay ${Math.round(people / ours.seconds)}/s`)
    for (const peer of entered) {
      peers[peer.name] = await measurePeer(peer, peopleOfPeers)
      say(`${peer.name} ${peers[peer.name]}/s`)
    }
    return report(people, ours, peers)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function measurePeer(peer: (typeof PEERS)[number], people: number): Promise<number> {
  const server = peer.store === 'postgres' ? await startTestServer({ durable: true }) : undefined
  const store =
    server === undefined
      ? await startRedis()
      : await createDatabase(server.postgres.superuserConnectionString, peer.module)
  const sink = await startChild<number>(new URL('./campaign/sink-main.ts', import.meta.url))
  const main = new URL('./campaign/peer-main.ts', import.meta.url)
  const sinkUrl = `http://127.0.0.1:${sink.ready}`
  const { child } = await startChild(main, [peer.module, store.url, sinkUrl, String(people)])
  try {
    const startedAt = performance.now()
    await child.ask('start')
    while ((await sink.child.ask<{ count: number }>('count')).count < people) await pause()
    while ((await child.ask<number>('remaining')) > 0) await pause()
    const seconds = (performance.now() - startedAt) / 1000
    await child.ask('stop')
    return Math.round(people / seconds)
  } finally {
    await child.stop()
    await sink.child.stop()
    await store.drop()
    await server?.stop()
  }
}

function report(people: number, ours: CampaignRun, peers: Record<string, number>): BenchReport {
  const perSecond = Math.round(people / ours.seconds)
  const figures = {
    people,
    seconds: round(ours.seconds, 1),
    perSecond,
    otpP50Ms: percentile(ours.codesFromAcceptMs, 50),
    otpP99Ms: percentile(ours.codesFromAcceptMs, 99),
    otpFromCallP99Ms: percentile(ours.codesFromCallMs, 99),
    ...(ours.nodeMiB !== undefined && { nodeMiB: Math.round(ours.nodeMiB) }),
  }
  const ratios = Object.fromEntries(
    Object.entries(peers).map(([name, rate]) => [`over.${name}`, round(perSecond / rate)]),
  )
  // A million in five minutes.
  const targets = { perSecond: 3334 }
  const limits = { otpP99Ms: 250, ...(ours.nodeMiB !== undefined && { nodeMiB: 300 }) }
  return {
    bench: 'campaign',
    machine: describeMachine(),
    ...{ figures, peers, ratios, targets, limits },
    ok: meetsTargets({ figures, ratios, targets, limits }),
  }
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
