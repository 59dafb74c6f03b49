import type { Executor, Tx } from '@mainstay/kernel'
import type { ListRow, Refusal } from './list-rows.ts'

/** Refused rows that are kept of one call; the answer counts them all. */
const MOST_REFUSALS = 1_000

/** Adds rows to a list; what is in it already stays. Returns how many were added. */
export async function insertListRows(
  tx: Tx,
  projectId: string,
  campaignId: string,
  rows: readonly ListRow[],
): Promise<number> {
  if (rows.length === 0) return 0
  const { rowCount } = await tx.query({
    text: `
      INSERT INTO notify.campaign_rows (project_id, campaign_id, row_key, line, recipient_id, address, locale, timezone, data)
      SELECT DISTINCT ON (row_key) $1, $2, row_key, line, recipient_id, address, locale, timezone, data
      FROM (
        SELECT coalesce(recipient_id, notify.address_key(channel, address)) COLLATE "C" AS row_key, r.*
        FROM unnest($3::int[], $4::text[], $5::text[], $6::int2[], $7::text[], $8::text[], $9::jsonb[])
          AS r (line, recipient_id, address, channel, locale, timezone, data)
      ) r
      ORDER BY row_key, line
      ON CONFLICT DO NOTHING`,
    values: [
      projectId,
      campaignId,
      rows.map((row) => row.line),
      rows.map((row) => row.recipientId),
      rows.map((row) => row.address),
      rows.map((row) => row.channel),
      rows.map((row) => row.locale),
      rows.map((row) => row.timezone),
      rows.map((row) => JSON.stringify(row.data)),
    ],
  })
  return rowCount
}

export async function insertRefusals(
  tx: Tx,
  projectId: string,
  campaignId: string,
  refusals: readonly Refusal[],
): Promise<void> {
  const kept = refusals.slice(0, MOST_REFUSALS)
  if (kept.length === 0) return
  await tx.query({
    text: `INSERT INTO notify.campaign_refusals (project_id, campaign_id, line, column_name, detail)
      SELECT $1, $2, * FROM unnest($3::int[], $4::text[], $5::text[])`,
    values: [
      projectId,
      campaignId,
      kept.map((refusal) => refusal.line),
      kept.map((refusal) => refusal.column),
      kept.map((refusal) => refusal.detail),
    ],
  })
}

export async function clearList(tx: Tx, projectId: string, campaignId: string): Promise<void> {
  for (const table of ['campaign_rows', 'campaign_refusals']) {
    await tx.query({
      text: `DELETE FROM notify.${table} WHERE project_id = $1 AND campaign_id = $2`,
      values: [projectId, campaignId],
    })
  }
}

/** Notes how many rows the list has. */
export async function setImported(
  tx: Tx,
  projectId: string,
  campaignId: string,
  count: bigint,
): Promise<void> {
  await tx.query({
    text: `UPDATE notify.campaigns SET imported_count = $3, revision = revision + 1 WHERE project_id = $1 AND campaign_id = $2`,
    values: [projectId, campaignId, count],
  })
}

export interface RefusalRow extends Refusal {
  refusalId: bigint
}

/** Refused rows in the order of their lines, after a position. */
export async function listRefusals(
  executor: Executor,
  projectId: string,
  campaignId: string,
  after: { line: number; refusalId: bigint },
  limit: number,
): Promise<RefusalRow[]> {
  const { rows } = await executor.query<RefusalRow>({
    text: `SELECT line, column_name AS "column", detail, refusal_id AS "refusalId" FROM notify.campaign_refusals
      WHERE project_id = $1 AND campaign_id = $2 AND (line, refusal_id) > ($3, $4) ORDER BY line, refusal_id LIMIT $5`,
    values: [projectId, campaignId, after.line, after.refusalId, limit],
  })
  return rows
}

export interface PassedOverRow {
  key: string
  passedOver: 1 | 2
}

/** People who were passed over, in the order of their keys. */
export async function listPassedOver(
  executor: Executor,
  projectId: string,
  campaignId: string,
  after: string,
  limit: number,
): Promise<PassedOverRow[]> {
  const { rows } = await executor.query<PassedOverRow>({
    text: `SELECT recipient_key AS key, passed_over AS "passedOver" FROM notify.campaign_recipients
      WHERE project_id = $1 AND campaign_id = $2 AND passed_over IS NOT NULL AND recipient_key > $3
      ORDER BY recipient_key LIMIT $4`,
    values: [projectId, campaignId, after, limit],
  })
  return rows
}
