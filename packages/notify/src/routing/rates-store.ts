import type { Executor, Tx } from '@mainstay/kernel'
import type { Measured } from './rates.ts'

export interface MeasuredRow extends Measured {
  accountId: string
  country: string
}

/** How accounts fared in the last day, by country. */
export async function listMeasured(executor: Executor, projectId: string): Promise<MeasuredRow[]> {
  const { rows } = await executor.query<MeasuredRow>({
    name: 'notify.routing.measured',
    text: `SELECT provider_account_id AS "accountId", country, sum(accepted)::float8 AS accepted,
        sum(delivered)::float8 AS delivered, sum(codes)::float8 AS codes, sum(converted)::float8 AS converted
      FROM notify.delivery_rates WHERE project_id = $1 AND hour >= now() - interval '24 hours'
      GROUP BY provider_account_id, country`,
    values: [projectId],
  })
  return rows
}

/** Messages of one hour that one account accepted, whose addresses begin alike. */
export interface OutcomeGroup extends Measured {
  projectId: string
  accountId: string
  hour: Date
  /** One of the addresses. */
  address: string
  /** Of the contract. */
  channel: number
}

/**
 * Counts what became of messages accepted since then, from the ledger. What was accepted in the last five minutes and has not
 * been reported on counts as nothing yet.
 *
 * Addresses are grouped by their first seven characters: what tells apart the countries of a shared calling code stands in
 * them (+1 416 555, +44 1481), and a country's name is looked up once a group instead of once a message.
 */
export async function countOutcomes(executor: Executor, since: Date): Promise<OutcomeGroup[]> {
  const { rows } = await executor.query<OutcomeGroup>({
    text: `
      SELECT a.project_id AS "projectId", a.provider_account_id AS "accountId", date_trunc('hour', a.end_time) AS hour,
        m.channel, min(m.to_address) AS address, count(*)::float8 AS accepted,
        count(*) FILTER (WHERE m.delivered_time IS NOT NULL OR m.state IN (6, 8))::float8 AS delivered,
        count(*) FILTER (WHERE m.class = 1)::float8 AS codes,
        count(*) FILTER (WHERE m.class = 1 AND c.message_id IS NOT NULL)::float8 AS converted
      FROM notify.delivery_attempts a
      JOIN notify.messages m ON m.project_id = a.project_id AND m.message_id = a.message_id
      LEFT JOIN notify.conversions c ON c.project_id = a.project_id AND c.message_id = a.message_id
      WHERE a.end_time >= $1 AND a.outcome = 3 AND a.attempt = m.attempt_count
        AND (a.end_time < now() - interval '5 minutes' OR m.delivered_time IS NOT NULL OR m.state IN (6, 7, 8)
          OR c.message_id IS NOT NULL)
      GROUP BY a.project_id, a.provider_account_id, date_trunc('hour', a.end_time), m.channel,
        CASE WHEN m.channel IN (2, 3) THEN left(m.to_address, 7) END`,
    values: [since],
  })
  return rows
}

/** Replaces what was measured of the hours since then, and forgets those older than two days. */
export async function replaceMeasured(
  tx: Tx,
  since: Date,
  rows: readonly (MeasuredRow & { projectId: string; hour: Date })[],
): Promise<void> {
  await tx.query({
    text: `DELETE FROM notify.delivery_rates WHERE hour >= $1 OR hour < now() - interval '48 hours'`,
    values: [since],
  })
  await tx.query({
    text: `INSERT INTO notify.delivery_rates
        (project_id, provider_account_id, country, hour, accepted, delivered, codes, converted)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int4[], $6::int4[], $7::int4[], $8::int4[])`,
    values: [
      rows.map((row) => row.projectId),
      rows.map((row) => row.accountId),
      rows.map((row) => row.country),
      rows.map((row) => row.hour),
      rows.map((row) => row.accepted),
      rows.map((row) => row.delivered),
      rows.map((row) => row.codes),
      rows.map((row) => row.converted),
    ],
  })
}

/** Keeps that messages did what they were sent for; those that did already stay as they are. */
export async function insertConversion(
  executor: Executor,
  projectId: string,
  messageId: string,
): Promise<void> {
  await executor.query({
    name: 'notify.routing.convert',
    text: `INSERT INTO notify.conversions (project_id, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    values: [projectId, messageId],
  })
}

/** A code that was typed in, by the dedupe key that it was sent under. */
export interface UsedCode {
  projectId: string
  live: boolean
  dedupeKey: string
}

/** The same for messages that are known by their keys. */
export async function convertByKeys(executor: Executor, codes: readonly UsedCode[]): Promise<void> {
  await executor.query({
    name: 'notify.routing.convert_by_keys',
    text: `INSERT INTO notify.conversions (project_id, message_id)
      SELECT k.project_id, k.message_id FROM unnest($1::uuid[], $2::boolean[], $3::text[]) AS used (project_id, live, dedupe_key)
      JOIN notify.dedupe_keys k USING (project_id, live, dedupe_key) ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
    values: [
      codes.map(({ projectId }) => projectId),
      codes.map(({ live }) => live),
      codes.map(({ dedupeKey }) => dedupeKey),
    ],
  })
}

/** Forgets conversions of messages that are no longer measured. */
export async function deleteConversions(executor: Executor, beforeId: string): Promise<void> {
  await executor.query({
    text: 'DELETE FROM notify.conversions WHERE message_id < $1',
    values: [beforeId],
  })
}
