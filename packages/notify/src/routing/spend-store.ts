import type { Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import { spendAlert } from '../events.ts'

/** What a message is about to cost. */
export interface Spend {
  projectId: string
  /** Of the contract. */
  channel: number
  /** ISO 3166-1 alpha-2; empty: unknown. */
  country: string
  micros: number
}

/** A cap that has no room for a message. */
export interface CapHit {
  /** Which of the given spends. */
  index: number
  channel: number
  country: string
  limitMicros: number
}

/**
 * Takes what a claim's messages cost out of their caps, in one statement: those that do not all fit into every cap they count
 * against are named, and nothing is taken for them. The caps' rows stay locked until the claim commits, in the order of
 * their key, so that any number of workers together never spend more than there is.
 *
 * A day is the database's own, and never goes back: clocks of workers take no part.
 */
export async function reserveSpend(tx: Tx, spends: readonly Spend[]): Promise<CapHit[]> {
  const { rows } = await tx.query<CapHit>({
    name: 'notify.routing.reserve',
    text: RESERVE,
    values: columnsOf(spends),
  })
  return rows
}

/** Gives back what was taken today for messages that were definitely not sent. */
export async function releaseSpend(tx: Tx, spends: readonly Spend[]): Promise<void> {
  await tx.query({ name: 'notify.routing.release', text: RELEASE, values: columnsOf(spends) })
}

function columnsOf(spends: readonly Spend[]): unknown[] {
  return [
    plainArray(spends.map((spend) => spend.projectId)),
    plainArray(spends.map((spend) => spend.channel)),
    spends.map((spend) => spend.country),
    plainArray(spends.map((spend) => spend.micros)),
  ]
}

const WANTED = `
w AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::int8[]) WITH ORDINALITY
    AS w (project_id, channel, country, micros, ord)
)`

const TODAY = `greatest(c.day, (now() AT TIME ZONE 'UTC')::date)`

/** A message counts against the caps of its channel and of all, its country and all. */
const COUNTS = `c.project_id = w.project_id AND c.channel IN (0, w.channel) AND c.country IN ('', w.country)`

const SAME_CAP = (a: string, b: string): string =>
  `${a}.project_id = ${b}.project_id AND ${a}.channel = ${b}.channel AND ${a}.country = ${b}.country`

const LOCKED = `
caps AS MATERIALIZED (
  SELECT c.project_id, c.channel, c.country, c.daily_limit_micros AS most, ${TODAY} AS today,
    CASE WHEN c.day = ${TODAY} THEN c.spent_micros ELSE 0 END AS spent,
    CASE WHEN c.day = ${TODAY} THEN c.alerted_percent ELSE 0 END AS alerted
  FROM notify.spend_caps c
  WHERE c.project_id = ANY ($1::uuid[]) AND EXISTS (SELECT FROM w WHERE ${COUNTS})
  ORDER BY c.project_id, c.channel, c.country
  FOR UPDATE
)`

const RESERVE = `
WITH ${WANTED},${LOCKED},
runs AS MATERIALIZED (
  SELECT c.project_id, c.channel, c.country, c.most, w.ord, w.micros,
    c.spent + sum(w.micros) OVER (PARTITION BY c.project_id, c.channel, c.country ORDER BY w.ord) > c.most AS is_over
  FROM w JOIN caps c ON ${COUNTS}
),
refused AS MATERIALIZED (SELECT DISTINCT ord FROM runs WHERE is_over),
sums AS MATERIALIZED (
  SELECT c.project_id, c.channel, c.country, c.today, c.alerted, c.most,
    c.spent + coalesce(sum(r.micros) FILTER (WHERE r.ord NOT IN (SELECT ord FROM refused)), 0) AS spent,
    bool_or(r.is_over) AS is_full
  FROM caps c JOIN runs r ON ${SAME_CAP('r', 'c')}
  GROUP BY c.project_id, c.channel, c.country, c.today, c.alerted, c.most, c.spent
),
reached AS MATERIALIZED (
  SELECT *, CASE WHEN is_full OR spent >= most THEN 100 WHEN spent * 5 >= most * 4 THEN 80 ELSE 0 END AS percent FROM sums
),
spent AS (
  UPDATE notify.spend_caps c
  SET day = r.today, spent_micros = r.spent, alerted_percent = greatest(r.alerted, r.percent)
  FROM reached r WHERE ${SAME_CAP('r', 'c')}
),
alerts AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${spendAlert.name}', project_id::text, json_build_object('projectId', project_id, 'channel', channel,
    'country', country, 'percent', percent, 'spentMicros', spent, 'limitMicros', most, 'day', today)
  FROM reached WHERE percent > alerted
)
SELECT DISTINCT ON (ord) (ord - 1)::int4 AS index, channel, country, most::float8 AS "limitMicros"
FROM runs WHERE is_over ORDER BY ord, channel, country`

const RELEASE = `
WITH ${WANTED},${LOCKED}
UPDATE notify.spend_caps c
SET spent_micros = greatest(0, c.spent_micros - (SELECT sum(w.micros) FROM w WHERE ${COUNTS}))
FROM caps k WHERE ${SAME_CAP('k', 'c')} AND c.day = k.today`
