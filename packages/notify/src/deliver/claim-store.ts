import type { Executor, Tx } from '@mainstay/kernel'
import type { MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { NotificationContent } from '../rendering.ts'
import type { PassedOver } from '../routing/choose.ts'
import type { SuppressionReason } from '../suppressions/reason.ts'
import { plainArray, tellOf } from './batch-sql.ts'
import type { Doubt } from './doubt.ts'
import type { Lane, PerLane } from './lanes.ts'

/** A queue row that this transaction holds, with all that sending needs. */
export interface PickedRow {
  projectId: string
  messageId: string
  lane: Lane
  /** Attempts begun before this claim. */
  leaseEpoch: number
  expireMs: number
  /** The account of the last attempt. */
  previousAccountId: string | null
  doubt: Doubt
  /** When the attempt began whose answer was lost first. Null: none was. */
  doubtMs: number | null
  /** The account that alone may send it. */
  pinnedAccountId: string | null
  /** Null when the message's partition was dropped. */
  notificationId: string | null
  state: MessageState
  unknownPolicy: UnknownPolicy
  live: boolean
  /** Of the contract. */
  channel: number
  to: string
  recipientId: string | null
  category: string | null
  possibleDuplicate: boolean
  traceId: string | null
  /** Why nothing is to be sent to the address; null: nothing keeps it. */
  suppression: SuppressionReason | null
  content: NotificationContent | null
}

export interface PickLimits {
  nowMs: number
  /** Places each lane has for itself, and those that lanes share in their order. */
  own: PerLane
  shared: number
  /** Projects to pass over, per lane: what they would send to has no place. */
  passOver: Readonly<Record<Lane, readonly string[]>>
}

/**
 * Locks due rows of all lanes, urgent lanes first, skipping what other workers hold. Nothing is written: the locks
 * are this claim, and go with the transaction.
 *
 * Rows that are leased stay in the index and are passed over: they are at most what all workers have under way. The
 * alternative, a partial index over waiting rows, was one index insert more per claim and no HOT update.
 */
export async function pickDue(tx: Tx, limits: PickLimits): Promise<PickedRow[]> {
  const { own, passOver } = limits
  const { rows } = await tx.query<PickedRow>({
    name: 'notify.deliver.pick',
    text: PICK,
    values: [
      limits.nowMs / 1000,
      own[0],
      own[1],
      own[2],
      limits.shared,
      plainArray(passOver[1]),
      plainArray(passOver[2]),
      plainArray(passOver[3]),
    ],
  })
  return rows
}

const pickLane = (lane: Lane, limit: string): string => `
  SELECT project_id, message_id, lane, lease_epoch, expire_time, provider_account_id, doubt, doubt_time, pinned_account_id
  FROM notify.delivery_queue
  WHERE lane = ${lane} AND due_time <= to_timestamp($1) AND lease_owner IS NULL
    AND project_id <> ALL ($${lane + 5}::uuid[])
  ORDER BY due_time LIMIT ${limit} FOR UPDATE SKIP LOCKED`

const beyondOwn = (lane: string, own: string): string =>
  `greatest(0, (SELECT count(*) FROM ${lane}) - ${own}::int)`

const PICK = `
WITH otp AS MATERIALIZED (${pickLane(1, '$2::int + $5::int')}),
transactional AS MATERIALIZED (${pickLane(2, `$3::int + $5::int - ${beyondOwn('otp', '$2')}`)}),
bulk AS MATERIALIZED (${pickLane(
  3,
  `$4::int + $5::int - ${beyondOwn('otp', '$2')} - ${beyondOwn('transactional', '$3')}`,
)})
SELECT q.project_id AS "projectId", q.message_id AS "messageId", q.lane, q.lease_epoch AS "leaseEpoch",
  round(date_part('epoch', q.expire_time) * 1000) AS "expireMs", q.provider_account_id AS "previousAccountId",
  q.doubt, round(date_part('epoch', q.doubt_time) * 1000) AS "doubtMs",
  q.pinned_account_id AS "pinnedAccountId",
  m.notification_id AS "notificationId", m.state, m.unknown_policy AS "unknownPolicy", m.live, m.channel, m.to_address AS "to",
  m.recipient_id AS "recipientId", m.category, m.possible_duplicate AS "possibleDuplicate", m.trace_id AS "traceId", n.content,
  (SELECT min(s.reason) FROM notify.suppressions s
    WHERE s.project_id = m.project_id AND s.live = m.live AND s.channel = m.channel
      AND s.address_key = notify.address_key(m.channel, m.to_address)
      AND (s.expire_time IS NULL OR s.expire_time > to_timestamp($1)) AND (m.class <> 1 OR s.reason <> 3)) AS suppression
FROM (SELECT * FROM otp UNION ALL SELECT * FROM transactional UNION ALL SELECT * FROM bulk) q
LEFT JOIN notify.messages m ON m.project_id = q.project_id AND m.message_id = q.message_id
LEFT JOIN notify.notifications n ON n.project_id = m.project_id AND n.notification_id = m.notification_id`

/**
 * Which accounts have refused messages for good, by the message's id. A statement of its own, for those that were tried before:
 * as a part of picking it would cost every claim the opening of every partition.
 */
export async function findRefusals(
  tx: Tx,
  rows: readonly Pick<PickedRow, 'projectId' | 'messageId'>[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows: refusals } = await tx.query<{ messageId: string; accountIds: string[] }>({
    name: 'notify.deliver.refusals',
    text: `SELECT a.message_id AS "messageId", array_agg(a.provider_account_id) AS "accountIds"
      FROM unnest($1::uuid[], $2::uuid[]) AS t (project_id, message_id)
      JOIN notify.delivery_attempts a ON a.project_id = t.project_id AND a.message_id = t.message_id
      WHERE a.outcome = 4 GROUP BY a.message_id`,
    values: [plainArray(rows.map((row) => row.projectId)), plainArray(rows.map((row) => row.messageId))],
  })
  return new Map(refusals.map(({ messageId, accountIds }) => [messageId, accountIds]))
}

/** One attempt about to begin. */
export interface Calling {
  projectId: string
  messageId: string
  providerAccountId: string
  rejected: readonly PassedOver[]
  /** Why this account; undefined where it was simply the first. */
  why: string | undefined
}

/**
 * Journals attempts as under way for rows that this transaction has picked. After the commit of this, and not before,
 * sockets may open.
 *
 * The worker's own row is locked against removal meanwhile, so that nobody can declare the worker dead between its
 * last heartbeat and this commit and leave rows behind that belong to no one.
 *
 * @returns false when the worker's lease has ended: nothing was journaled.
 */
export async function journalCalling(
  tx: Tx,
  workerId: string,
  startMs: number,
  calling: readonly Calling[],
): Promise<boolean> {
  const { rows } = await tx.query<{ called: number }>({
    name: 'notify.deliver.journal',
    text: JOURNAL,
    values: [
      workerId,
      startMs / 1000,
      plainArray(calling.map((c) => c.projectId)),
      plainArray(calling.map((c) => c.messageId)),
      plainArray(calling.map((c) => c.providerAccountId)),
      calling.map(({ rejected, why }) =>
        rejected.length === 0 && why === undefined ? null : JSON.stringify({ why, rejected }),
      ),
    ],
  })
  return rows[0]?.called === calling.length
}

const JOURNAL = `
WITH me AS MATERIALIZED (
  SELECT worker_id FROM notify.delivery_workers
  WHERE worker_id = $1::uuid AND lease_end > clock_timestamp() FOR KEY SHARE
),
called AS (
  UPDATE notify.delivery_queue q
  SET lease_owner = $1::uuid, lease_epoch = q.lease_epoch + 1, provider_account_id = c.account_id,
    start_time = to_timestamp($2), routing = c.routing
  FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::jsonb[]) AS c (project_id, message_id, account_id, routing)
  WHERE EXISTS (SELECT FROM me) AND q.project_id = c.project_id AND q.message_id = c.message_id
  RETURNING q.project_id, q.message_id
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids)
  SELECT project_id, array_agg(message_id) FROM called GROUP BY project_id
)
SELECT count(*)::int4 AS called FROM called`

/** Moves messages for inboxes, which no provider's worker delivers, to the lanes of their courier. */
export async function handToCourier(
  tx: Tx,
  rows: readonly Pick<PickedRow, 'projectId' | 'messageId'>[],
): Promise<void> {
  await tx.query({
    name: 'notify.deliver.hand_to_courier',
    text: `UPDATE notify.delivery_queue q SET lane = notify.queue_lane(7::int2, q.lane)
      FROM unnest($1::uuid[], $2::uuid[]) AS s (project_id, message_id)
      WHERE q.project_id = s.project_id AND q.message_id = s.message_id`,
    values: [plainArray(rows.map((row) => row.projectId)), plainArray(rows.map((row) => row.messageId))],
  })
}

/** A picked row that no attempt was made for. */
export interface Aside {
  projectId: string
  messageId: string
  /** The state it ends in; 0: it goes on waiting for `dueMs`; -1: it has ended already and only leaves the queue. */
  state: MessageState | 0 | -1
  /** Quiet hours keep it, which its timeline tells. */
  isHeld?: true
  dueMs: number
  detail: string | null
  /** uuid of the note that tells of an end. */
  noteId: string
}

/** Ends or puts off rows that this transaction has picked and not journaled. */
export async function setAside(tx: Tx, nowMs: number, asides: readonly Aside[]): Promise<void> {
  await tx.query({
    name: 'notify.deliver.set_aside',
    text: SET_ASIDE,
    values: [
      nowMs / 1000,
      plainArray(asides.map((a) => a.projectId)),
      plainArray(asides.map((a) => a.messageId)),
      plainArray(asides.map((a) => a.state)),
      plainArray(asides.map((a) => a.dueMs / 1000)),
      asides.map((a) => a.detail),
      plainArray(asides.map((a) => a.noteId)),
      plainArray(asides.map((a) => a.isHeld ?? false)),
    ],
  })
}

/** A message that waits is rewritten only when what it says changes: it may be put off a thousand times. */
const SET_ASIDE = `
WITH a AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::float8[], $6::text[], $7::uuid[], $8::bool[])
    AS a (project_id, message_id, state, due, detail, note_id, is_held)
),
gone AS (
  DELETE FROM notify.delivery_queue q USING a
  WHERE a.state <> 0 AND q.project_id = a.project_id AND q.message_id = a.message_id
),
put_off AS (
  UPDATE notify.delivery_queue q SET due_time = to_timestamp(a.due) FROM a
  WHERE a.state = 0 AND q.project_id = a.project_id AND q.message_id = a.message_id
),
changed AS (
  UPDATE notify.messages m
  SET state = CASE WHEN a.state > 0 THEN a.state ELSE m.state END, status_detail = a.detail,
    update_time = to_timestamp($1)
  FROM a
  WHERE a.state >= 0 AND m.state = 1 AND m.project_id = a.project_id AND m.message_id = a.message_id
    AND (a.state > 0 OR m.status_detail IS DISTINCT FROM a.detail)
  RETURNING m.project_id, m.message_id, a.state, a.detail, a.note_id, a.is_held
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT project_id, message_id, note_id, CASE WHEN is_held THEN 15 ELSE 8 END, 'worker',
    CASE WHEN is_held THEN detail ELSE 'Ended without an attempt' END, CASE WHEN is_held THEN NULL ELSE detail END
  FROM changed WHERE state > 0 OR is_held
),${tellOf('changed', 'state > 0')}
SELECT count(*) FROM changed`

/**
 * Waits until no other transaction holds these rows. For a claim whose commit got no answer: the server may still be
 * at it, and what it does must be seen before anything is decided about the rows.
 */
export async function settleRows(
  tx: Tx,
  messages: readonly { projectId: string; messageId: string }[],
): Promise<void> {
  await tx.query({
    text: `SELECT FROM notify.delivery_queue q
      JOIN unnest($1::uuid[], $2::uuid[]) AS s (project_id, message_id) USING (project_id, message_id)
      ORDER BY q.message_id FOR UPDATE OF q`,
    values: [plainArray(messages.map((m) => m.projectId)), plainArray(messages.map((m) => m.messageId))],
  })
}

/** Whether a one-time code waits and is due. Cheap enough to be asked between claims. */
export async function hasDueCode(executor: Executor, nowMs: number): Promise<boolean> {
  const { rows } = await executor.query<{ due: boolean }>({
    name: 'notify.deliver.due_code',
    text: `SELECT EXISTS (SELECT FROM notify.delivery_queue
      WHERE lane = 1 AND due_time <= to_timestamp($1) AND lease_owner IS NULL) AS due`,
    values: [nowMs / 1000],
  })
  return rows[0]?.due === true
}

/** When the next waiting row is due, in milliseconds since 1970; undefined when none waits. */
export async function findNextDue(
  executor: Executor,
  passOver: Readonly<Record<Lane, readonly string[]>>,
): Promise<number | undefined> {
  const { rows } = await executor.query<{ dueMs: number | null }>({
    name: 'notify.deliver.next_due',
    text: NEXT_DUE,
    values: [plainArray(passOver[1]), plainArray(passOver[2]), plainArray(passOver[3])],
  })
  return rows[0]?.dueMs ?? undefined
}

const firstDue = (lane: Lane): string => `(
  SELECT due_time FROM notify.delivery_queue
  WHERE lane = ${lane} AND lease_owner IS NULL AND project_id <> ALL ($${lane}::uuid[]) ORDER BY due_time LIMIT 1)`

const NEXT_DUE = `
SELECT (extract(epoch FROM least(${firstDue(1)}, ${firstDue(2)}, ${firstDue(3)})) * 1000)::float8 AS "dueMs"`
