import type { Executor, Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import { channelNumber } from '../providers/outgoing.ts'
import { SUPPRESSION_REASONS } from '../suppressions/reason.ts'

export type DevicePlatformName = 'ios' | 'android' | 'web'

export interface EndpointRow {
  recipient_id: string
  endpoint_id: string
  channel: number
  address: string
  platform: DevicePlatformName | null
  verified: boolean
  create_time: Date
  last_seen_time: Date
  dead_time: Date | null
  dead_reason: string | null
}

export type NewEndpoint = Pick<
  EndpointRow,
  'recipient_id' | 'endpoint_id' | 'channel' | 'address' | 'platform' | 'verified'
>

/** How many endpoints of one channel a recipient has at the most: those seen last. */
export const MOST_OF_A_CHANNEL = 50

const PUSH = channelNumber('push')

const COLUMNS = `e.recipient_id, e.endpoint_id, e.channel, e.address, e.platform, e.verified, e.create_time, e.last_seen_time,
  e.dead_time, e.dead_reason`

/**
 * Adds endpoints to recipients that there are, and refreshes those that they have already: seen now, and no longer dead. A
 * device that was another recipient's is this one's from now on. What is suppressed because a provider called the device gone
 * may be sent to again. Beyond `MOST_OF_A_CHANNEL` those seen longest ago are dropped.
 *
 * @param endpoints no device twice, and none of the other addresses twice for one recipient.
 * @returns those of `endpoints` as they are stored.
 */
export async function upsertEndpoints(
  tx: Tx,
  projectId: string,
  endpoints: readonly NewEndpoint[],
  now: Date,
): Promise<EndpointRow[]> {
  const devices = endpoints.filter((endpoint) => endpoint.channel === PUSH)
  const others = endpoints.filter((endpoint) => endpoint.channel !== PUSH)
  const stored = [
    ...(await upsert(tx, projectId, devices, now, 'device')),
    ...(await upsert(tx, projectId, others, now, 'other')),
  ]
  if (devices.length > 0) await liftSuppressions(tx, projectId, devices)
  if (stored.length > 0) await dropBeyondMost(tx, projectId, stored)
  return stored
}

const CONFLICTS = {
  device: '(project_id, address_key) WHERE channel = 4',
  other: '(project_id, channel, address_key, recipient_id)',
} as const

async function upsert(
  tx: Tx,
  projectId: string,
  endpoints: readonly NewEndpoint[],
  now: Date,
  kind: keyof typeof CONFLICTS,
): Promise<EndpointRow[]> {
  if (endpoints.length === 0) return []
  const same = 'e.recipient_id = excluded.recipient_id'
  const { rows } = await tx.query<EndpointRow>({
    name: `notify.endpoints.upsert.${kind}`,
    text: `
      INSERT INTO notify.recipient_endpoints AS e (project_id, recipient_id, endpoint_id, channel, address, address_key,
        platform, verified, create_time, last_seen_time)
      SELECT $1, recipient_id, endpoint_id, channel, address, notify.address_key(channel, address), platform, verified, $8, $8
      FROM unnest($2::text[], $3::uuid[], $4::int2[], $5::text[], $6::text[], $7::bool[])
        AS n (recipient_id, endpoint_id, channel, address, platform, verified)
      ORDER BY channel, notify.address_key(channel, address), recipient_id
      ON CONFLICT ${CONFLICTS[kind]} DO UPDATE SET
        recipient_id = excluded.recipient_id, address = excluded.address, platform = excluded.platform,
        endpoint_id = CASE WHEN ${same} THEN e.endpoint_id ELSE excluded.endpoint_id END,
        create_time = CASE WHEN ${same} THEN e.create_time ELSE excluded.create_time END,
        verified = excluded.verified OR (e.verified AND ${same}),
        last_seen_time = greatest(e.last_seen_time, excluded.last_seen_time), dead_time = NULL, dead_reason = NULL
      RETURNING ${COLUMNS}`,
    values: [
      projectId,
      endpoints.map((endpoint) => endpoint.recipient_id),
      plainArray(endpoints.map((endpoint) => endpoint.endpoint_id)),
      plainArray(endpoints.map((endpoint) => endpoint.channel)),
      endpoints.map((endpoint) => endpoint.address),
      endpoints.map((endpoint) => endpoint.platform),
      plainArray(endpoints.map((endpoint) => endpoint.verified)),
      now,
    ],
  })
  return rows
}

/**
 * In a statement after the one that locked the devices' rows, so that it sees what a worker wrote that had them locked before:
 * see `buryEndpoints`.
 */
async function liftSuppressions(tx: Tx, projectId: string, devices: readonly NewEndpoint[]): Promise<void> {
  await tx.query({
    name: 'notify.endpoints.lift',
    text: `
      DELETE FROM notify.suppressions s USING unnest($2::text[]) AS d (address)
      WHERE s.project_id = $1 AND s.channel = ${PUSH} AND s.address_key = notify.address_key(${PUSH}::int2, d.address)
        AND s.live IN (true, false) AND s.reason = ${SUPPRESSION_REASONS.bounced} AND s.actor = 'provider'`,
    values: [projectId, devices.map((device) => device.address)],
  })
}

async function dropBeyondMost(tx: Tx, projectId: string, stored: readonly EndpointRow[]): Promise<void> {
  await tx.query({
    name: 'notify.endpoints.drop',
    text: `
      DELETE FROM notify.recipient_endpoints e USING (
        SELECT recipient_id, endpoint_id, row_number() OVER (
          PARTITION BY recipient_id, channel ORDER BY dead_time IS NOT NULL, last_seen_time DESC, endpoint_id DESC) AS place
        FROM notify.recipient_endpoints WHERE project_id = $1 AND recipient_id = ANY ($2::text[])
      ) ranked
      WHERE ranked.place > ${MOST_OF_A_CHANNEL} AND e.project_id = $1 AND e.recipient_id = ranked.recipient_id
        AND e.endpoint_id = ranked.endpoint_id`,
    values: [projectId, [...new Set(stored.map((row) => row.recipient_id))]],
  })
}

/** Newest first; those that are gone come last. */
export async function listEndpoints(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<EndpointRow[]> {
  const { rows } = await executor.query<EndpointRow>({
    name: 'notify.endpoints.list',
    text: `
      SELECT ${COLUMNS} FROM notify.recipient_endpoints e WHERE e.project_id = $1 AND e.recipient_id = $2
      ORDER BY e.dead_time IS NOT NULL, e.last_seen_time DESC, e.endpoint_id DESC`,
    values: [projectId, recipientId],
  })
  return rows
}

/** @returns false when there is none. */
export async function deleteEndpoint(
  executor: Executor,
  projectId: string,
  recipientId: string,
  endpointId: string,
): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.endpoints.delete',
    text: `DELETE FROM notify.recipient_endpoints WHERE project_id = $1 AND recipient_id = $2 AND endpoint_id = $3
      RETURNING endpoint_id`,
    values: [projectId, recipientId, endpointId],
  })
  return rows.length > 0
}
