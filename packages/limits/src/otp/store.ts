import type { Executor } from '@mainstay/kernel'
import type { OtpRules } from './rules.ts'

export async function findRules(
  executor: Executor,
  projectId: string,
): Promise<Partial<OtpRules> | undefined> {
  const { rows } = await executor.query<{ rules: Partial<OtpRules> }>({
    name: 'limits.find_otp_rules',
    text: 'SELECT rules FROM limits.otp_rules WHERE project_id = $1',
    values: [projectId],
  })
  return rows[0]?.rules
}

export async function upsertRules(
  executor: Executor,
  projectId: string,
  rules: OtpRules,
  now: Date,
): Promise<void> {
  await executor.query({
    text: `INSERT INTO limits.otp_rules (project_id, rules, update_time) VALUES ($1, $2::jsonb, $3)
           ON CONFLICT (project_id) DO UPDATE SET rules = excluded.rules, update_time = excluded.update_time`,
    values: [projectId, JSON.stringify(rules), now],
  })
}

/** What became of codes to one place in ten minutes. */
export interface CountRow {
  project_id: string
  live: boolean
  bucket_time: string
  country: string
  prefix: string
  sent: number
  verified: number
  challenged: number
  denied: number
  spent_micros: number
}

/** Adds what a process counted. In the order of the keys, so that processes do not wait for one another in a circle. */
export async function addCounts(executor: Executor, rows: readonly CountRow[]): Promise<void> {
  await executor.query({
    name: 'limits.add_otp_counts',
    text: `INSERT INTO limits.otp_counts AS c (project_id, live, bucket_time, country, prefix, sent, verified, challenged, denied, spent_micros)
           SELECT * FROM jsonb_to_recordset($1::jsonb) AS added (project_id uuid, live boolean, bucket_time timestamptz, country text,
             prefix text, sent bigint, verified bigint, challenged bigint, denied bigint, spent_micros bigint)
           ORDER BY project_id, live, bucket_time, country, prefix
           ON CONFLICT (project_id, live, bucket_time, country, prefix) DO UPDATE SET sent = c.sent + excluded.sent,
             verified = c.verified + excluded.verified, challenged = c.challenged + excluded.challenged,
             denied = c.denied + excluded.denied, spent_micros = c.spent_micros + excluded.spent_micros`,
    values: [JSON.stringify(rows)],
  })
}

export interface PlaceCounts {
  country_sent: number
  country_verified: number
  country_verified_day: number
  prefix_sent: number
  prefix_verified: number
  prefix_verified_day: number
}

/** What was sent and verified to a country, and to a prefix of it, in the last hour and day. */
export async function readPlace(
  executor: Executor,
  place: { projectId: string; live: boolean; country: string; prefix: string; hourAgo: Date; dayAgo: Date },
): Promise<PlaceCounts> {
  const { rows } = await executor.query<PlaceCounts>({
    name: 'limits.read_otp_place',
    text: `SELECT coalesce(sum(sent) FILTER (WHERE bucket_time > $5), 0)::float8 AS country_sent,
             coalesce(sum(verified) FILTER (WHERE bucket_time > $5), 0)::float8 AS country_verified,
             coalesce(sum(verified), 0)::float8 AS country_verified_day,
             coalesce(sum(sent) FILTER (WHERE bucket_time > $5 AND prefix = $4), 0)::float8 AS prefix_sent,
             coalesce(sum(verified) FILTER (WHERE bucket_time > $5 AND prefix = $4), 0)::float8 AS prefix_verified,
             coalesce(sum(verified) FILTER (WHERE prefix = $4), 0)::float8 AS prefix_verified_day
           FROM limits.otp_counts WHERE project_id = $1 AND live = $2 AND country = $3 AND bucket_time > $6`,
    values: [place.projectId, place.live, place.country, place.prefix, place.hourAgo, place.dayAgo],
  })
  return rows[0] as PlaceCounts
}

export interface Member {
  projectId: string
  live: boolean
  scope: string
  key: string
  member: string
}

/** Notes members of sets, and says how many different ones each set has, those just noted included; at most 1,000 are counted. */
export async function noteMembers(
  executor: Executor,
  members: readonly Member[],
  times: { now: Date; expireTime: Date },
): Promise<number[]> {
  const { rows } = await executor.query<{ n: number; many: number }>({
    name: 'limits.note_otp_members',
    text: `WITH asked AS (
             SELECT n::integer, project_id, live, scope, key, member
             FROM unnest($1::uuid[], $2::boolean[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
               AS a (project_id, live, scope, key, member, n)
           ), noted AS (
             INSERT INTO limits.otp_members AS m (project_id, live, scope, key, member, expire_time)
             SELECT DISTINCT project_id, live, scope, key, member, $7::timestamptz FROM asked
             ORDER BY project_id, live, scope, key, member
             ON CONFLICT (project_id, live, scope, key, member) DO UPDATE SET expire_time = excluded.expire_time
               WHERE m.expire_time < $7
           )
           SELECT n, (SELECT count(*)::integer FROM (
               SELECT m.member FROM limits.otp_members m WHERE m.project_id = asked.project_id AND m.live = asked.live
                 AND m.scope = asked.scope AND m.key = asked.key AND m.expire_time > $6
               UNION SELECT other.member FROM asked other WHERE other.project_id = asked.project_id AND other.live = asked.live
                 AND other.scope = asked.scope AND other.key = asked.key
               LIMIT 1000) AS different) AS many
           FROM asked ORDER BY n`,
    values: [
      members.map(({ projectId }) => projectId),
      members.map(({ live }) => live),
      members.map(({ scope }) => scope),
      members.map(({ key }) => key),
      members.map(({ member }) => member),
      times.now,
      times.expireTime,
    ],
  })
  return rows.map(({ many }) => many)
}

/** Uses something up: true for the one call that was first. */
export async function useOnce(
  executor: Executor,
  { projectId, live, scope, key }: Omit<Member, 'member'>,
  expireTime: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    text: `INSERT INTO limits.otp_members (project_id, live, scope, key, member, expire_time)
           VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT DO NOTHING`,
    values: [projectId, live, scope, key, expireTime],
  })
  return rowCount === 1
}

export interface DecisionRow {
  project_id: string
  decision_id: string
  live: boolean
  kind: string
  channel: string
  country: string
  prefix: string
  network: string
  verdict: string
  fired: unknown
}

export async function insertDecisions(executor: Executor, rows: readonly DecisionRow[]): Promise<void> {
  await executor.query({
    text: `INSERT INTO limits.otp_decisions
           SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (project_id uuid, decision_id uuid, live boolean, kind text, channel text,
             country text, prefix text, network text, verdict text, fired jsonb)
           ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(rows)],
  })
}

/** Newest first, from just before one. */
export async function listDecisions(
  executor: Executor,
  page: { projectId: string; live: boolean; beforeId: string | undefined; limit: number },
): Promise<DecisionRow[]> {
  const { rows } = await executor.query<DecisionRow>({
    text: `SELECT project_id, decision_id, live, kind, channel, country, prefix, network, verdict, fired FROM limits.otp_decisions
           WHERE project_id = $1 AND live = $2 AND decision_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
           ORDER BY decision_id DESC LIMIT $4`,
    values: [page.projectId, page.live, page.beforeId, page.limit],
  })
  return rows
}

export type OverviewRow = Omit<CountRow, 'project_id' | 'live' | 'bucket_time'>

/** What became of codes since a time, by country and prefix, the most sent first. */
export async function readOverview(
  executor: Executor,
  { projectId, live, since, limit }: { projectId: string; live: boolean; since: Date; limit: number },
): Promise<OverviewRow[]> {
  const { rows } = await executor.query<OverviewRow>({
    text: `SELECT country, prefix, sum(sent)::float8 AS sent, sum(verified)::float8 AS verified, sum(challenged)::float8 AS challenged,
             sum(denied)::float8 AS denied, sum(spent_micros)::float8 AS spent_micros
           FROM limits.otp_counts WHERE project_id = $1 AND live = $2 AND bucket_time > $3
           GROUP BY country, prefix ORDER BY sum(sent) + sum(denied) DESC LIMIT $4`,
    values: [projectId, live, since, limit],
  })
  return rows
}

export async function deleteOldOtp(
  executor: Executor,
  before: { members: Date; counts: Date; decisionId: string },
) {
  await executor.query({
    text: `DELETE FROM limits.otp_members WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM limits.otp_members WHERE expire_time < $1 LIMIT 20000))`,
    values: [before.members],
  })
  await executor.query({
    text: 'DELETE FROM limits.otp_counts WHERE bucket_time < $1',
    values: [before.counts],
  })
  await executor.query({
    text: 'DELETE FROM limits.otp_decisions WHERE decision_id < $1',
    values: [before.decisionId],
  })
}
