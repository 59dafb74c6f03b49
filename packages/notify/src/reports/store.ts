import type { Executor, Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import type { EventKind } from './event-kinds.ts'
import type { EventKey } from './settle.ts'

/** A report as it came. */
export interface ReportRow {
  projectId: string
  reportId: string
  accountId: string
  body: Buffer
}

/** One event of it, as it is stored. */
export interface EventRow extends EventKey {
  reportId: string
  kind: EventKind
  timeMs: number
  receivedMs: number
  /** uuid */
  namedMessageId: string | null
  providerMessageId: string | null
  detail: string
}

/** Keeps reports as they came. */
export async function insertReports(tx: Tx, reports: readonly ReportRow[]): Promise<void> {
  await tx.query({
    name: 'notify.reports.keep',
    text: `
      INSERT INTO notify.provider_reports (project_id, report_id, provider_account_id, body)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[])`,
    values: [
      plainArray(reports.map((report) => report.projectId)),
      plainArray(reports.map((report) => report.reportId)),
      plainArray(reports.map((report) => report.accountId)),
      reports.map((report) => report.body),
    ],
  })
}

/**
 * Stores events in the order of their keys, so that two batches with events in common wait for each other instead of
 * deadlocking.
 *
 * @returns the places of those that are new; the others were told of before.
 */
export async function insertEvents(tx: Tx, events: readonly EventRow[]): Promise<number[]> {
  const { rows } = await tx.query<{ index: number }>({
    name: 'notify.reports.store',
    text: INSERT,
    values: [
      plainArray(events.map((event) => event.projectId)),
      plainArray(events.map((event) => event.accountId)),
      events.map((event) => event.eventId),
      plainArray(events.map((event) => event.reportId)),
      plainArray(events.map((event) => event.kind)),
      plainArray(events.map((event) => event.timeMs / 1000)),
      plainArray(events.map((event) => event.receivedMs / 1000)),
      events.map((event) => event.namedMessageId),
      events.map((event) => event.providerMessageId),
      events.map((event) => event.detail),
    ],
  })
  return rows.map((row) => row.index)
}

const INSERT = `
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int2[], $6::float8[], $7::float8[], $8::uuid[],
    $9::text[], $10::text[]) WITH ORDINALITY
    AS given (project_id, provider_account_id, event_id, report_id, kind, time_s, receive_s, named_message_id,
      provider_message_id, detail, place)
),
stored AS (
  INSERT INTO notify.provider_events (project_id, provider_account_id, event_id, report_id, kind, event_time, receive_time,
    named_message_id, provider_message_id, detail)
  SELECT project_id, provider_account_id, event_id, report_id, kind, to_timestamp(time_s), to_timestamp(receive_s),
    named_message_id, provider_message_id, detail
  FROM given ORDER BY project_id, provider_account_id, event_id COLLATE "C"
  ON CONFLICT DO NOTHING
  RETURNING project_id, provider_account_id, event_id
)
SELECT (place - 1)::int4 AS index FROM given
WHERE (project_id, provider_account_id, event_id) IN (SELECT project_id, provider_account_id, event_id FROM stored)
ORDER BY place`

/** An event that has waited for its message. */
export interface WaitingEvent extends EventKey {
  kind: EventKind
  timeMs: number
  receivedMs: number
  detail: string
}

/** Locks events that are to be looked at again, skipping what other processes look at. */
export async function lockWaiting(tx: Tx, now: Date, limit: number): Promise<WaitingEvent[]> {
  const { rows } = await tx.query<WaitingEvent>({
    name: 'notify.reports.waiting',
    text: `
      SELECT project_id AS "projectId", provider_account_id AS "accountId", event_id AS "eventId", kind, detail,
        (extract(epoch FROM event_time) * 1000)::float8 AS "timeMs",
        (extract(epoch FROM receive_time) * 1000)::float8 AS "receivedMs"
      FROM notify.provider_events WHERE wait_time <= $1 ORDER BY wait_time LIMIT $2 FOR UPDATE SKIP LOCKED`,
    values: [now, limit],
  })
  return rows
}

/** Deletes what came before an id, in small commits, found by the BRIN index. */
export async function deleteBefore(
  executor: Executor,
  table: 'provider_reports' | 'provider_events',
  reportId: string,
): Promise<void> {
  for (;;) {
    const { rowCount } = await executor.query({
      text: `DELETE FROM notify.${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM notify.${table} WHERE report_id < $1 LIMIT 10000))`,
      values: [reportId],
    })
    if (rowCount < 10_000) return
  }
}
