import { type Db, fromTypeId } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'
import { readJournal } from './journal.ts'
import { IN_DOUBT } from './peers/mischief.ts'
import { GROUPS } from './plan.ts'

/** The journals of those who were not under test. */
export interface Journals {
  acknowledged: string
  calls: readonly string[]
  reports: string
}

/** What became of a group's messages: by its callers' and providers' journals on one side, and by the ledger on the other. */
export interface Fate {
  /** Acknowledged. */
  messages: number
  /** At their provider, by its word. */
  arrived: number
  /** Left for review, by the ledger. */
  parked: number
  /** Refused for good, by the ledger. */
  failed: number
  /** Answers that the provider withheld, by its word. */
  injected: number
  /** Attempts whose worker was given up, by the ledger. */
  abandoned: number
  /** Attempts that their worker gave up though the provider withheld nothing: the machine was too busy for both. By the ledger. */
  late: number
  /** Messages more than there should be at the provider, by its word. */
  duplicates: number
  /** Flagged possible_duplicate. */
  flagged: number
  /** Neither at the provider, nor parked, nor refused for good; or said to be sent and not at the provider. */
  lost: number
  /** Sent twice without the flag. */
  unflagged: number
  /** Parked, or sent once more, without as many answers withheld from this message or workers given up with it. */
  unexplained: number
  /** Parked though it may be sent again, or failed without a refusal. */
  wrongEnds: number
  /** In another state than the webhooks say that were answered with 200. */
  wrongStates: number
}

export const FATES = [
  'messages',
  'arrived',
  'parked',
  'failed',
  'injected',
  'abandoned',
  'late',
  'duplicates',
  'flagged',
  'lost',
  'unflagged',
  'unexplained',
  'wrongEnds',
  'wrongStates',
] as const satisfies readonly (keyof Fate)[]

/** Compares what the callers and the providers wrote down with what the ledger says, message by message. */
export async function judgeFates(db: Db, journals: Journals): Promise<Record<string, Fate>> {
  await db.query({ text: TABLES })
  await load(db, journals.acknowledged, 'acked', (line) => [line[0], line[1]])
  for (const path of journals.calls) {
    await load(db, path, 'calls', ([id, mischief = '', taken]) => [id, `${mischief} ${taken}`])
  }
  await load(db, journals.reports, 'told', (line) => [line[0], line[1]])
  await db.query({ text: 'ANALYZE chaos.acked, chaos.calls, chaos.told' })
  await db.query({
    text: MAKE_FATE,
    values: [
      [...IN_DOUBT],
      GROUPS.filter(({ policy }) => policy === 'AT_LEAST_ONCE').map(({ name }) => name),
    ],
  })
  const { rows } = await db.query<Fate & { name: string }>({ text: COUNT })
  return Object.fromEntries(rows.map(({ name, ...fate }) => [name, fate]))
}

const TABLES = `
CREATE SCHEMA chaos;
CREATE TABLE chaos.acked (message_id uuid, what text);
CREATE TABLE chaos.calls (message_id uuid, what text);
CREATE TABLE chaos.told (message_id uuid, what text)`

async function load(
  db: Db,
  path: string,
  table: 'acked' | 'calls' | 'told',
  read: (line: string[]) => (string | undefined)[],
): Promise<void> {
  for await (const lines of readJournal(path)) {
    const rows = lines.map(read)
    await db.query({
      text: `INSERT INTO chaos.${table} SELECT * FROM unnest($1::uuid[], $2::text[])`,
      values: [rows.map(([id]) => fromTypeId('msg', id ?? '')), rows.map(([, what]) => what)],
    })
  }
}

const { SENT, DELIVERED, BOUNCED, COMPLAINED, FAILED, UNKNOWN } = MessageState

/** What is at the provider, as far as the ledger says. */
const GONE_OUT = [SENT, DELIVERED, BOUNCED, COMPLAINED].join(', ')

/** The words that the reaper records. */
const GIVEN_UP = 'the worker stopped before it could record what the provider answered'

/** The words of a worker that waited as long as its settings let it. */
const TOO_LATE = 'gave up waiting|no answer within|[Tt]imeout|timed out'

/** One row a message: what everybody says of it, and what is wrong with that. */
const MAKE_FATE = `
CREATE TABLE chaos.fate AS
WITH calls AS (
  SELECT message_id, count(*) FILTER (WHERE split_part(what, ' ', 2) = '1') AS taken,
    count(*) FILTER (WHERE split_part(what, ' ', 1) = ANY ($1::text[])) AS injected,
    count(*) FILTER (WHERE split_part(what, ' ', 1) = 'refused') AS refused
  FROM chaos.calls GROUP BY message_id
),
attempts AS (
  SELECT message_id, count(*) FILTER (WHERE reply = '${GIVEN_UP}') AS abandoned,
    count(*) FILTER (WHERE reply ~ '${TOO_LATE}') AS gave_up
  FROM notify.delivery_attempts WHERE outcome = 6 GROUP BY message_id
),
told AS (
  SELECT message_id,
    max(CASE what WHEN 'sent' THEN ${SENT} WHEN 'delivered' THEN ${DELIVERED} WHEN 'bounced' THEN ${BOUNCED}
      ELSE ${COMPLAINED} END) AS told
  FROM chaos.told GROUP BY message_id
),
said AS (
  SELECT a.message_id, a.what AS name, m.state, m.possible_duplicate AS flagged, coalesce(c.taken, 0) AS taken,
    coalesce(c.injected, 0) AS injected, coalesce(c.refused, 0) AS refused, coalesce(t.abandoned, 0) AS abandoned,
    CASE WHEN coalesce(c.injected, 0) = 0 THEN coalesce(t.gave_up, 0) ELSE 0 END AS late, r.told
  FROM chaos.acked a
  LEFT JOIN notify.messages m ON m.message_id = a.message_id
  LEFT JOIN calls c ON c.message_id = a.message_id
  LEFT JOIN attempts t ON t.message_id = a.message_id
  LEFT JOIN told r ON r.message_id = a.message_id
)
SELECT *,
  (state IS NULL OR state NOT IN (${GONE_OUT}, ${FAILED}, ${UNKNOWN}) OR (state IN (${GONE_OUT}) AND taken = 0)) AS lost,
  (taken > 1 AND NOT flagged) AS unflagged,
  ((state = ${UNKNOWN} AND injected + abandoned + late = 0) OR taken - 1 > injected + abandoned + late) AS unexplained,
  ((state = ${UNKNOWN} AND name = ANY ($2::text[]) AND refused = 0)
    OR (state = ${FAILED} AND (refused = 0 OR taken > 0))) AS wrong_end,
  (told IS NOT NULL AND state IS DISTINCT FROM told) AS wrong_state
FROM said`

const COUNT = `
SELECT name, count(*)::int4 AS messages,
  count(*) FILTER (WHERE taken > 0)::int4 AS arrived,
  count(*) FILTER (WHERE state = ${UNKNOWN})::int4 AS parked,
  count(*) FILTER (WHERE state = ${FAILED})::int4 AS failed,
  sum(injected)::int4 AS injected,
  sum(abandoned)::int4 AS abandoned,
  sum(late)::int4 AS late,
  coalesce(sum(taken - 1) FILTER (WHERE taken > 1), 0)::int4 AS duplicates,
  count(*) FILTER (WHERE flagged)::int4 AS flagged,
  count(*) FILTER (WHERE lost)::int4 AS lost,
  count(*) FILTER (WHERE unflagged)::int4 AS unflagged,
  count(*) FILTER (WHERE unexplained)::int4 AS unexplained,
  count(*) FILTER (WHERE wrong_end)::int4 AS "wrongEnds",
  count(*) FILTER (WHERE wrong_state)::int4 AS "wrongStates"
FROM chaos.fate GROUP BY name`

/** Messages that break a promise, a few, with all that is known of them: where to look first. */
export async function tellWrongs(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ told: string }>({
    text: `
      SELECT concat_ws(E'\n  ', to_jsonb(f), 
        (SELECT string_agg(what, ', ') FROM chaos.calls c WHERE c.message_id = f.message_id),
        (SELECT string_agg(concat_ws(' ', attempt, start_time::time, end_time::time, outcome, reply), E'\n  ' ORDER BY attempt)
          FROM notify.delivery_attempts a WHERE a.message_id = f.message_id),
        (SELECT string_agg(concat_ws(' ', kind, title, detail), E'\n  ') FROM notify.message_notes n
          WHERE n.message_id = f.message_id),
        (SELECT status_detail FROM notify.messages m WHERE m.message_id = f.message_id)) AS told
      FROM chaos.fate f WHERE lost OR unflagged OR unexplained OR wrong_end OR wrong_state LIMIT 10`,
  })
  return rows.map(({ told }) => told)
}
