import { type Child, startChild } from './child.ts'
import type { HttpLoad, HttpLoadResult } from './load/http-load.ts'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'
import { type Listening, request } from './rpc/task.ts'

interface Contender {
  name: string
  module: URL
  path: string
}

const contenders: Contender[] = [
  {
    name: 'mainstayRest',
    module: new URL('./rpc/mainstay-main.ts', import.meta.url),
    path: '/v1/notifications',
  },
  { name: 'fastify', module: new URL('./rpc/fastify-main.ts', import.meta.url), path: '/v1/notifications' },
  {
    name: 'connectFastify',
    module: new URL('./rpc/connect-main.ts', import.meta.url),
    path: '/mainstay.notify.v1.Notify/SendNotification',
  },
]

const CONNECTIONS = 32

/**
 * A unary call over REST with an API key, the contract's rules, tracing, metrics and the request log, beside bare Fastify
 * with JSON schemas and beside connect-fastify with protovalidate, neither of which asks who is calling.
 */
export const bench: Bench = { name: 'rpc', run }

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const rounds = quick ? 9 : 15
  const durationMs = quick ? 800 : 3000
  // Closures compiled per field take the engine longer to get to know than a schema's generated code.
  const warmUpMs = quick ? 4000 : 8000
  const load = await startChild(new URL('./load/http-load-main.ts', import.meta.url))
  const started: { contender: Contender; child: Child; listening: Listening }[] = []
  const measured = new Map<string, HttpLoadResult[]>()
  try {
    for (const contender of contenders) {
      const { child, ready } = await startChild<Listening>(contender.module)
      started.push({ contender, child, listening: ready })
    }
    for (const { contender, listening } of started) await measure(load.child, contender, listening, warmUpMs)
    for (let i = 0; i < rounds; i++) {
      for (const { contender, listening } of started) {
        const result = await measure(load.child, contender, listening, durationMs)
        const results = measured.get(contender.name) ?? []
        measured.set(contender.name, [...results, result])
        process.stdout.write(
          `round ${i + 1} ${contender.name.padEnd(15)} ${Math.round(result.requestsPerSecond)}/s  p50 ${round(result.p50Ms)} ms  p99 ${round(result.p99Ms)} ms\n`,
        )
      }
    }
  } finally {
    await Promise.all([load.child, ...started.map(({ child }) => child)].map((child) => child.stop()))
  }
  return report(measured)
}

async function measure(load: Child, { name, path }: Contender, listening: Listening, durationMs: number) {
  const result = await load.ask<HttpLoadResult>({
    host: '127.0.0.1',
    port: listening.port,
    verb: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...listening.headers },
    body: JSON.stringify(request),
    connections: CONNECTIONS,
    durationMs,
  } satisfies HttpLoad)
  if (result.failures > 0) throw new Error(`${name} refused ${result.failures} requests`)
  return result
}

function report(measured: ReadonlyMap<string, readonly HttpLoadResult[]>): BenchReport {
  const rates = (name: string): number[] =>
    (measured.get(name) ?? []).map(({ requestsPerSecond }) => requestsPerSecond)
  const ours = rates('mainstayRest')
  // Each round's own ratio: what else the machine does in a round, it does to all contenders.
  const ratioTo = (name: string): number => round(median(rates(name).map((rate, i) => (ours[i] ?? 0) / rate)))
  const figures = { mainstayRest: Math.round(median(ours)) }
  const peers = {
    fastify: Math.round(median(rates('fastify'))),
    connectFastify: Math.round(median(rates('connectFastify'))),
  }
  const ratios = { ofFastify: ratioTo('fastify'), ofConnectFastify: ratioTo('connectFastify') }
  const targets = { ofFastify: 0.7, ofConnectFastify: 3 }
  const ok = meetsTargets({ figures, ratios, targets })
  return { bench: bench.name, machine: describeMachine(), figures, peers, ratios, targets, ok }
}
