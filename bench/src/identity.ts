import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, shippedNodeFlags, startChild } from './child.ts'
import type { Ask, CheckTold, Ready, Told } from './identity/task.ts'
import { type Bench, type BenchReport, describeMachine, median, meetsTargets, round } from './report.ts'

/**
 * People signing in: a code sent over the sandbox and checked, sessions refreshed, and who is signed in; over HTTP, with
 * everything on that is shipped, from another process. Session checks are also counted in the server's own process, as they
 * happen within every call.
 */
export const bench: Bench = { name: 'identity', run }

const steps = ['signIn', 'refresh', 'whoAmI'] as const

async function run({ quick }: { quick: boolean }): Promise<BenchReport> {
  const rounds = quick ? 3 : 7
  const durationMs = quick ? 2000 : 5000
  const home = mkdtempSync(join(tmpdir(), 'mainstay-bench-'))
  const masterKey = randomBytes(32).toString('base64')
  const children: Child[] = []
  const told = new Map<string, Told[]>()
  try {
    const args = [home, masterKey, JSON.stringify(SETTINGS)]
    const server = await startChild<Ready>(
      new URL('./identity/mainstay-main.ts', import.meta.url),
      args,
      shippedNodeFlags(),
    )
    children.push(server.child)
    const callers = await startChild(new URL('./identity/callers-main.ts', import.meta.url))
    children.push(callers.child)
    const ask = (what: Ask['what'], ms: number) =>
      callers.child.ask<Told>({ ...server.ready, masterKey, what, durationMs: ms } satisfies Ask)
    for (const what of steps) await ask(what, 1500)
    for (let index = 0; index < rounds; index++) {
      for (const what of steps) {
        const result = await ask(what, durationMs)
        told.set(what, [...(told.get(what) ?? []), result])
        process.stdout.write(
          `round ${index + 1} ${what.padEnd(8)} ${Math.round(result.perSecond)}/s  p50 ${round(result.p50Ms)} ms  p99 ${round(result.p99Ms)} ms\n`,
        )
      }
    }
    const { checksPerSecond } = await server.child.ask<CheckTold>({ durationMs: 2000 })
    return report(told, checksPerSecond)
  } finally {
    for (const child of children.reverse()) await child.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** Limits and the rules of codes hold, for each caller's own address; one account asks who it is more often than people do. */
const SETTINGS = { HTTP_TRUSTED_PROXIES: '1', LIMITS_ACCOUNT_PER_MINUTE: '0' }

function report(told: ReadonlyMap<string, readonly Told[]>, checksPerSecond: number): BenchReport {
  const rate = (what: Ask['what']) =>
    Math.round(median((told.get(what) ?? []).map(({ perSecond }) => perSecond)))
  const figures = {
    signInsPerSecond: rate('signIn'),
    refreshesPerSecond: rate('refresh'),
    whoAmIPerSecond: rate('whoAmI'),
    sessionChecksPerSecond: Math.round(checksPerSecond),
  }
  // PocketBase's own benchmarks, 2 vCPU (github.com/pocketbase/benchmarks): token refreshes.
  const peers = { pocketBasePublishedRefreshesPerSecond: 3204 }
  const ratios = { ofPocketBasePublished: round(figures.refreshesPerSecond / 3204) }
  const targets = { signInsPerSecond: 1000, refreshesPerSecond: 3000, sessionChecksPerSecond: 20_000 }
  const ok = meetsTargets({ figures, ratios, targets })
  return { bench: bench.name, machine: describeMachine(), figures, peers, ratios, targets, ok }
}
