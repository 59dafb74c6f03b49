import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDb, type Db } from '@mainstay/kernel'
import { type Crew, createCrew, startTestServer, temporaryHome } from '@mainstay/kernel/testing'
import { findWrongTransitions, watchStates } from '@mainstay/notify/testing'
import { type Child, env, shippedNodeFlags, startChild } from '../child.ts'
import { makeAccounts } from './accounts.ts'
import type { CallersReport, CallersTask } from './callers-main.ts'
import type { HttpPeerTask } from './peers/http-peer-main.ts'
import type { ReporterCounts } from './peers/reporter.ts'
import type { ServerReady, ServerTask } from './server-main.ts'
import type { Journals } from './verdict.ts'

/** What the run itself tells. */
export interface Told {
  kills: number
  seconds: number
  callers: CallersReport
  reports: ReporterCounts
  /** Forged webhooks that Mainstay's own metric counts. */
  forgedCounted: number
  wrongTransitions: string[]
}

/** PostgreSQL, the API, the providers and the callers, each in a process of its own, and ready. */
export interface Stage {
  db: Db
  journals: Journals
  /** Lets the callers call and the workers work, and kills those, until every message is settled and every report told. */
  play(): Promise<Told>
  close(): Promise<void>
}

const WORKERS = 3
const KILL_EVERY_MS = 600

const module = (name: string): URL => new URL(`./${name}`, import.meta.url)

export async function openStage(recipients: number, say: (line: string) => void): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-chaos-'))
  const home = temporaryHome()
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step()
    for (const path of [folder, home]) rmSync(path, { recursive: true, force: true })
  }
  async function start<T>(name: string, argument: unknown): Promise<{ child: Child; ready: T }> {
    const text = typeof argument === 'string' ? argument : JSON.stringify(argument)
    const started = await startChild<T>(module(name), [text])
    closing.push(() => started.child.stop())
    return started
  }
  try {
    const server = await startTestServer({ durable: true })
    closing.push(() => server.stop())
    const databaseUrl = server.postgres.superuserConnectionString
    const db = createDb({ connectionString: databaseUrl, poolSize: 4, statementTimeoutMs: 600_000 })
    closing.push(() => db.close())
    const journals = {
      acknowledged: join(folder, 'acknowledged'),
      calls: [join(folder, 'http-calls'), join(folder, 'smtp-calls')],
      reports: join(folder, 'reports'),
    }
    const [httpCalls = '', smtpCalls = ''] = journals.calls
    const mails = await start<number>('peers/smtp-peer-main.ts', smtpCalls)
    const asApi = { role: 'api', home, databaseUrl } satisfies ServerTask
    const api = await start<ServerReady>('server-main.ts', asApi)
    await watchStates(db)
    const accounts = await makeAccounts(api.ready, mails.ready)
    const peers = await start<string>('peers/http-peer-main.ts', {
      apiUrl: api.ready.url,
      resendReportUrl: accounts.resendReportUrl,
      calls: httpCalls,
      reports: journals.reports,
    } satisfies HttpPeerTask)
    const callers = await start('callers-main.ts', {
      url: api.ready.url,
      apiKeys: accounts.apiKeys,
      recipients,
      journal: journals.acknowledged,
    } satisfies CallersTask)
    const crew = createWorkers({ role: 'worker', home, databaseUrl, peerOrigin: peers.ready })
    closing.push(() => crew.stop())
    return {
      db,
      journals,
      close,
      play: () =>
        play({
          db,
          recipients,
          say,
          crew,
          callers: callers.child,
          peers: peers.child,
          mails: mails.child,
          api: api.ready,
        }),
    }
  } catch (error) {
    await close()
    throw error
  }
}

function createWorkers(task: ServerTask): Crew {
  return createCrew({
    workers: WORKERS,
    killEveryMs: KILL_EVERY_MS,
    hire() {
      const child = fork(module('server-main.ts'), [JSON.stringify(task)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        execArgv: shippedNodeFlags(),
        env,
      })
      return { process: child, ready: once(child, 'message') }
    },
  })
}

interface Cast {
  db: Db
  recipients: number
  say(line: string): void
  crew: Crew
  callers: Child
  peers: Child
  mails: Child
  api: ServerReady
}

async function play({ db, recipients, say, crew, callers, peers, mails, api }: Cast): Promise<Told> {
  const beganMs = performance.now()
  const seconds = (): number => (performance.now() - beganMs) / 1000
  let called: CallersReport | undefined
  const calling = callers.ask<CallersReport>('call').then((report) => (called = report))
  let draining: Promise<ReporterCounts> | undefined
  const failure = (): Error | undefined => [callers, peers, mails].find((child) => child.failure())?.failure()
  const progress = setInterval(async () => {
    const { rows } = await db.query<{ waiting: number }>({
      text: 'SELECT count(*)::int4 AS waiting FROM notify.delivery_queue',
    })
    const accepted = called === undefined ? 'the callers are calling' : 'all are accepted'
    say(`${Math.round(seconds())} s: ${accepted}, ${rows[0]?.waiting.toLocaleString('en')} are in the queue`)
  }, 10_000)
  /** Nothing in the queue, nothing left to be told, and no report that waits for its message. */
  async function isSettled(): Promise<boolean> {
    if (failure() !== undefined) return true
    if (called === undefined || (await exists(db, 'notify.delivery_queue'))) return false
    draining ??= peers.ask<ReporterCounts>('drain')
    await draining
    return !(await exists(db, 'notify.provider_events WHERE wait_time IS NOT NULL'))
  }
  try {
    const wait = { timeoutMs: 600_000 + 5 * recipients, everyMs: 200, what: 'every message to be settled' }
    const kills = await crew.workUntil(isSettled, wait)
    const ended = failure()
    if (ended !== undefined) throw ended
    const took = seconds()
    await mails.ask('drain')
    return {
      kills,
      seconds: took,
      callers: await calling,
      reports: await (draining ?? peers.ask<ReporterCounts>('drain')),
      forgedCounted: await countForged(api),
      wrongTransitions: await findWrongTransitions(db),
    }
  } finally {
    clearInterval(progress)
  }
}

async function exists(db: Db, what: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>({
    text: `SELECT EXISTS (SELECT FROM ${what}) AS found`,
  })
  return rows[0]?.found ?? true
}

/** What the API's metrics say of webhooks whose signature was wrong. */
async function countForged({ url }: ServerReady): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const counts = text.matchAll(/^mainstay_notify_reports_total\{[^}]*result="forged"[^}]*\} (\d+)/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}
