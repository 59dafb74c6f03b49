import { createHash } from 'node:crypto'
import { appError, type Clock, type Db, fromTypeId, newId, type Tx } from '@mainstay/kernel'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { storable, storableId } from '../deliver/judge.ts'
import { reasons } from '../errors.ts'
import type { ProviderEvent, ProviderEventKind } from '../providers/reports.ts'
import { suppressFromEvents } from '../suppressions/from-events.ts'
import type { ReportAccount } from './accounts.ts'
import { EVENT_KINDS } from './event-kinds.ts'
import { withoutPrivate } from './private-events.ts'
import { markSeenByEvents, noteIdAt } from './seen.ts'
import { type Settled, settleEvents } from './settle.ts'
import { type EventRow, insertEvents, insertReports, type ReportRow } from './store.ts'

export interface IntakeDeps {
  db: Db
  clock: Clock
  /** Called after a commit that changed messages. */
  onChanged(): void
  /** Called for each event that the project does not want to know of. Default: nobody counts them. */
  onDropped?(accountKind: string, event: ProviderEventKind): void
}

/** A verified report. */
export interface Report {
  account: ReportAccount
  body: Buffer
  events: readonly ProviderEvent[]
  receivedMs: number
}

export interface ReportIntake {
  /** Resolves once its events are stored and have had their effect, durably. Throws `notify.overloaded`. */
  store(report: Report): Promise<void>
  /** Resolves once nothing is being stored. */
  idle(): Promise<void>
}

interface Waiting {
  report: Report
  resolve(): void
  reject(error: unknown): void
}

/** A commit is bounded in reports, events and bytes. */
const MAX_REPORTS = 200
const MAX_EVENTS = 2000
const MAX_BYTES = 4 * 1024 * 1024

/** What may wait to be stored in this process; providers repeat what is refused. */
const QUEUE_BYTES = 32 * 1024 * 1024

/** Stores reports in batches: whatever comes in while one commit is under way makes up the next one. */
export function createReportIntake(deps: IntakeDeps): ReportIntake {
  const { db, onChanged } = deps
  const waiting: Waiting[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (waiting.length > 0) await storeBatch(takeBatch(waiting))
    running = undefined
  }

  async function storeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await commit(batch.map(({ report }) => report))
      for (const entry of batch) settle(entry, entry.resolve)
    } catch (error) {
      // One report that the database refuses must not take the others with it.
      if (batch.length > 1) for (const entry of batch) await storeBatch([entry])
      else for (const entry of batch) settle(entry, () => entry.reject(error))
    }
  }

  function settle({ report }: Waiting, done: () => void): void {
    waitingBytes -= report.body.length
    done()
  }

  async function commit(reports: readonly Report[]): Promise<void> {
    const moved = await db.transaction((tx) => storeReports(tx, reports, deps), walkIndexes)
    if (moved) onChanged()
  }

  return {
    store(report) {
      if (waitingBytes > 0 && waitingBytes + report.body.length > QUEUE_BYTES) {
        throw appError(
          reasons,
          'notify.overloaded',
          'Too many reports wait to be stored. Repeat it shortly.',
          {
            retryAfterMs: 5000,
          },
        )
      }
      waitingBytes += report.body.length
      return new Promise((resolve, reject) => {
        waiting.push({ report, resolve, reject })
        running ??= run()
      })
    },
    idle: () => running ?? Promise.resolve(),
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let count = 0
  let bytes = 0
  let events = 0
  for (const { report } of waiting.slice(0, MAX_REPORTS)) {
    bytes += report.body.length
    events += report.events.length
    if (count > 0 && (bytes > MAX_BYTES || events > MAX_EVENTS)) break
    count++
  }
  return waiting.splice(0, count)
}

/** Stores reports with the effects of those of their events that are new. Returns whether a message changed. */
async function storeReports(
  tx: Tx,
  told: readonly Report[],
  { clock, onDropped = () => {} }: IntakeDeps,
): Promise<boolean> {
  const reports = await withoutPrivate(tx, told, onDropped)
  const kept: ReportRow[] = []
  const events = new Map<string, { row: EventRow; event: ProviderEvent; account: ReportAccount }>()
  for (const { account, body, events: allowed, receivedMs, isCut } of reports) {
    const { projectId, accountId } = account
    const reportId = newId(clock)
    if (!isCut) kept.push({ projectId, accountId, reportId, body })
    for (const event of allowed) {
      const row = toRow(event, { projectId, accountId, reportId, receivedMs })
      const key = `${accountId} ${row.eventId}`
      if (!events.has(key)) events.set(key, { row, event, account })
    }
  }
  const all = [...events.values()]
  const fresh = (
    await insertEvents(
      tx,
      all.map(({ row }) => row),
    )
  ).flatMap((index) => all[index] ?? [])
  // A report that is told again is not kept again.
  const news = new Set(fresh.map(({ row }) => row.reportId))
  const worthKeeping = kept.filter(({ reportId }) => news.has(reportId))
  if (worthKeeping.length > 0) await insertReports(tx, worthKeeping)
  if (fresh.length === 0) return false
  const settled = await settleEvents(
    tx,
    fresh.map(({ row }) => row),
    fresh.map(({ row }) => noteIdAt(row, clock)),
    clock.now(),
  )
  await suppressFromEvents(
    tx,
    fresh.map(({ row, event, account }, index) => ({
      ...row,
      messageId: (settled[index] as Settled).messageId,
      address: event.address,
      channel: account.channel,
      live: account.live,
    })),
    clock,
  )
  const seen = await markSeenByEvents(
    tx,
    fresh.map(({ row }, index) => ({ ...row, ...(settled[index] as Settled) })),
    clock,
  )
  return seen || settled.some(({ moved }) => moved)
}

function toRow(
  event: ProviderEvent,
  origin: Pick<EventRow, 'projectId' | 'accountId' | 'reportId' | 'receivedMs'>,
): EventRow {
  const { eventId, kind, timeMs, messageId, providerMessageId, detail } = event
  const { receivedMs } = origin
  const isSensible = Number.isFinite(timeMs) && timeMs > receivedMs - YEAR_MS && timeMs < receivedMs + DAY_MS
  return {
    ...origin,
    eventId: bounded(eventId),
    kind: EVENT_KINDS[kind],
    timeMs: isSensible ? timeMs : receivedMs,
    namedMessageId: (messageId === undefined ? undefined : fromTypeId('msg', messageId)) ?? null,
    providerMessageId: providerMessageId === undefined ? null : storableId(providerMessageId),
    detail: storable(detail),
  }
}

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS

/** Ids as an index can hold them. */
function bounded(eventId: string): string {
  const isPlain = eventId.length <= 300 && !eventId.includes('\0')
  return isPlain ? eventId : createHash('sha256').update(eventId).digest('hex')
}
