import type { Executor, Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import type { SuppressionReason } from './reason.ts'

/** An address that nothing is sent to, as it is stored. */
export interface SuppressionRow {
  suppression_id: string
  live: boolean
  channel: number
  address: string
  reason: SuppressionReason
  detail: string
  actor: string
  provider_account_id: string | null
  message_id: string | null
  create_time: Date
  expire_time: Date | null
}

const COLUMNS = `suppression_id, live, channel, address, reason, detail, actor, provider_account_id, message_id, create_time,
  expire_time`

interface Condemned {
  projectId: string
  suppressionId: string
  accountId: string
  reason: SuppressionReason
  detail: string
}

/** What is there already stays, unless it was to end: then it is for good from now on. */
const UPSERT = `
ON CONFLICT (project_id, live, channel, address_key, reason) DO UPDATE
SET suppression_id = excluded.suppression_id, detail = excluded.detail, provider_account_id = excluded.provider_account_id,
  message_id = excluded.message_id, create_time = excluded.create_time, expire_time = NULL
WHERE s.expire_time IS NOT NULL`

/** Suppresses the addresses that messages were sent to. Same mode and channel as the message. */
export async function suppressMessages(
  tx: Tx,
  messages: readonly (Condemned & { messageId: string })[],
  now: Date,
): Promise<void> {
  if (messages.length === 0) return
  await tx.query({
    name: 'notify.suppressions.messages',
    text: `
      WITH condemned AS MATERIALIZED (
        SELECT m.project_id, m.live, m.channel, notify.address_key(m.channel, m.to_address) AS address_key, c.reason,
          c.suppression_id, m.to_address, c.detail, c.account_id, m.message_id
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int2[], $5::uuid[], $6::text[])
          AS c (project_id, message_id, account_id, reason, suppression_id, detail)
        JOIN notify.messages m ON m.project_id = c.project_id AND m.message_id = c.message_id
      )
      INSERT INTO notify.suppressions AS s (project_id, live, channel, address_key, reason, suppression_id, address, detail,
        actor, provider_account_id, message_id, create_time)
      SELECT DISTINCT ON (project_id, live, channel, address_key, reason)
        project_id, live, channel, address_key, reason, suppression_id, to_address, detail, 'provider', account_id,
        message_id, $7
      FROM condemned ORDER BY project_id, live, channel, address_key, reason, suppression_id
      ${UPSERT}`,
    values: [
      plainArray(messages.map((one) => one.projectId)),
      plainArray(messages.map((one) => one.messageId)),
      plainArray(messages.map((one) => one.accountId)),
      plainArray(messages.map((one) => one.reason)),
      plainArray(messages.map((one) => one.suppressionId)),
      messages.map((one) => one.detail),
      now,
    ],
  })
}

/** Suppresses addresses that no message of ours is known for. */
export async function suppressAddresses(
  tx: Tx,
  addresses: readonly (Condemned & { address: string; channel: number; live: boolean })[],
  now: Date,
): Promise<void> {
  if (addresses.length === 0) return
  await tx.query({
    name: 'notify.suppressions.addresses',
    text: `
      INSERT INTO notify.suppressions AS s (project_id, live, channel, address_key, reason, suppression_id, address, detail,
        actor, provider_account_id, create_time)
      SELECT DISTINCT ON (project_id, live, channel, notify.address_key(channel, address), reason)
        project_id, live, channel, notify.address_key(channel, address), reason, suppression_id, address, detail,
        'provider', account_id, $9
      FROM unnest($1::uuid[], $2::bool[], $3::int2[], $4::text[], $5::uuid[], $6::int2[], $7::uuid[], $8::text[])
        AS c (project_id, live, channel, address, account_id, reason, suppression_id, detail)
      ORDER BY project_id, live, channel, notify.address_key(channel, address), reason, suppression_id
      ${UPSERT}`,
    values: [
      plainArray(addresses.map((one) => one.projectId)),
      plainArray(addresses.map((one) => one.live)),
      plainArray(addresses.map((one) => one.channel)),
      addresses.map((one) => one.address),
      plainArray(addresses.map((one) => one.accountId)),
      plainArray(addresses.map((one) => one.reason)),
      plainArray(addresses.map((one) => one.suppressionId)),
      addresses.map((one) => one.detail),
      now,
    ],
  })
}

/** Stores one made by hand. One that is there already gets the new words and the new end. */
export async function upsertManual(
  tx: Tx,
  projectId: string,
  row: Omit<SuppressionRow, 'provider_account_id' | 'message_id' | 'reason'>,
): Promise<SuppressionRow> {
  const { rows } = await tx.query<SuppressionRow>({
    name: 'notify.suppressions.create',
    text: `
      INSERT INTO notify.suppressions AS s (project_id, live, channel, address_key, reason, suppression_id, address, detail,
        actor, create_time, expire_time)
      VALUES ($1, $2, $3::int2, notify.address_key($3::int2, $4), 4, $5, $4, $6, $7, $8, $9)
      ON CONFLICT (project_id, live, channel, address_key, reason) DO UPDATE
      SET detail = excluded.detail, actor = excluded.actor, expire_time = excluded.expire_time
      RETURNING ${COLUMNS}`,
    values: [
      projectId,
      row.live,
      row.channel,
      row.address,
      row.suppression_id,
      row.detail,
      row.actor,
      row.create_time,
      row.expire_time,
    ],
  })
  return rows[0] as SuppressionRow
}

export interface SuppressionFilter {
  /** 0: any. */
  channel: number
  /** Empty: any; else looked up as messages to it are. */
  address: string
  /** 0: any. */
  reason: number
  live: boolean | null
}

/** Newest first, from before `beforeId`; those that have ended are left out. */
export async function listSuppressions(
  executor: Executor,
  projectId: string,
  page: SuppressionFilter & { beforeId: string | null; limit: number; now: Date },
): Promise<SuppressionRow[]> {
  const { rows } = await executor.query<SuppressionRow>({
    text: `
      SELECT ${COLUMNS} FROM notify.suppressions
      WHERE project_id = $1 AND ($2::uuid IS NULL OR suppression_id < $2)
        AND ($3::int2 = 0 OR channel = $3) AND ($4::int2 = 0 OR reason = $4) AND ($5::bool IS NULL OR live = $5)
        AND (expire_time IS NULL OR expire_time > $6)
        ${page.address === '' ? 'AND $7::text IS NOT NULL' : WITH_ADDRESS}
      ORDER BY suppression_id DESC LIMIT $8`,
    values: [
      projectId,
      page.beforeId,
      page.channel,
      page.reason,
      page.live,
      page.now,
      page.address,
      page.limit,
    ],
  })
  return rows
}

/** Spelt out for every mode and channel, so that the primary key finds it. */
const WITH_ADDRESS = `AND live IN (true, false) AND channel = ANY ('{1,2,3,4,5,6}'::int2[])
  AND address_key IN (notify.address_key(1::int2, $7::text), notify.address_key(2::int2, $7::text))`

/** Returns what was deleted. */
export async function deleteSuppression(
  tx: Tx,
  projectId: string,
  suppressionId: string,
  mayLive: boolean,
): Promise<SuppressionRow | undefined> {
  const { rows } = await tx.query<SuppressionRow>({
    name: 'notify.suppressions.delete',
    text: `DELETE FROM notify.suppressions
      WHERE project_id = $1 AND suppression_id = $2 AND (NOT live OR $3) RETURNING ${COLUMNS}`,
    values: [projectId, suppressionId, mayLive],
  })
  return rows[0]
}

/** Deletes those that ended a day ago or earlier. */
export async function deleteEnded(executor: Executor): Promise<void> {
  await executor.query({
    text: `DELETE FROM notify.suppressions WHERE expire_time < now() - interval '1 day'`,
  })
}
