import { type Executor, minIdAt } from '@mainstay/kernel'
import { Channel, MessageClass, MessageState } from '@mainstay/proto/notify/v1'
import { type RawBuilder, sql } from 'kysely'
import type { Filter } from './filter.ts'
import { MESSAGE_COLUMNS, type MessageRow } from './row.ts'

const { ACCEPTED, SCHEDULED, QUEUED, SENDING, SENT, DELIVERED } = MessageState

/** By when they were stored: the newest first, or the oldest. */
export type Order = 'newest' | 'oldest'

export interface ListQuery {
  projectId: string
  filter: Filter
  order: Order
  /** uuid of the last message of the page before. */
  after: string | undefined
  limit: number
  nowMs: number
}

/**
 * Messages in the order of their ids, which is that of their storing.
 *
 * Each question is read where it is cheap, and a question of several parts takes the first of each and merges them, so
 * that no place is read further than a page: what waits from the small queue, the rare ends from the index over
 * `exit_state`, one mode or class from the index that begins with both, a channel from its own, one account's from its attempts, and all else
 * from the first rows on. With a million messages in the ledger every page of these takes under 10 ms.
 */
export async function listMessages(executor: Executor, query: ListQuery): Promise<MessageRow[]> {
  const [first, ...others] = branchesOf(query).map((branch) => select(query, branch))
  if (first === undefined) return []
  const statement =
    others.length === 0
      ? first
      : sql<MessageRow>`SELECT * FROM (${sql.join([first, ...others].map(parenthesise), sql` UNION ALL `)}) AS merged
          ORDER BY message_id ${direction(query.order)} LIMIT ${query.limit}`
  const { rows } = await statement.execute(executor.kysely())
  return rows
}

function parenthesise(query: RawBuilder<MessageRow>): RawBuilder<MessageRow> {
  return sql`(${query})`
}

/** One place to look. */
interface Branch {
  from: RawBuilder<unknown>
  /** The table it walks, whose ids order and page: `m` the ledger, `q` the queue, `a` an account's attempts. */
  walks: 'm' | 'q' | 'a'
  where: RawBuilder<boolean>
}

function direction(order: Order): RawBuilder<unknown> {
  return order === 'newest' ? sql`DESC` : sql`ASC`
}

function branchesOf({ projectId, filter, order, nowMs }: ListQuery): Branch[] {
  const { states } = filter
  if (states.length === 0) {
    const all = sql<boolean>`true`
    if (filter.providerAccountId === undefined) return inLedger(all, filter)
    return [inAttempts(all, projectId, filter.providerAccountId, order), inQueue(atAccount)]
  }
  const branches: Branch[] = []
  const waiting = states.flatMap((state) => waitingCondition(state, nowMs) ?? [])
  if (waiting.length > 0) branches.push(inQueue(sql`m.state = 1 AND (${sql.join(waiting, sql` OR `)})`))
  const common = states.filter((state) => state === SENT || state === DELIVERED)
  if (common.length > 0) {
    const where = sql<boolean>`m.state IN (${sql.join(common)})`
    if (filter.providerAccountId === undefined) branches.push(...inLedger(where, filter))
    else branches.push(inAttempts(where, projectId, filter.providerAccountId, order))
  }
  for (const state of states) {
    if (state <= DELIVERED) continue
    for (const live of modesOf(filter)) {
      branches.push(fromLedger(sql`m.exit_state = ${state} AND m.live = ${live}`))
    }
  }
  return branches
}

const ALL_CLASSES: readonly MessageClass[] = [MessageClass.OTP, MessageClass.TRANSACTIONAL, MessageClass.BULK]

/** The ledger from the first row on: whole, or one walk for each channel, or for each mode and class, that is asked for. */
function inLedger(where: RawBuilder<boolean>, filter: Filter): Branch[] {
  if (filter.channels.length > 0)
    return filter.channels.flatMap((channel) => inChannel(where, filter, channel))
  if (filter.live === undefined && filter.classes.length === 0) return [fromLedger(where)]
  const classes = filter.classes.length > 0 ? filter.classes : ALL_CLASSES
  return modesOf(filter).flatMap((live) =>
    classes.map((one) => fromLedger(sql`m.live = ${live} AND m.class = ${one} AND ${where}`)),
  )
}

/**
 * One channel's walk, by the index that leaves email out: the number stands in the text, since the planner must see that
 * it is not email's. Email walks the ledger itself, whose newest rows hold some of it wherever there is any to speak of.
 */
function inChannel(where: RawBuilder<boolean>, filter: Filter, channel: Channel): Branch[] {
  const channelIs = sql<boolean>`m.channel = ${sql.lit(channel)}`
  if (channel === Channel.EMAIL) return [fromLedger(sql`${channelIs} AND ${where}`)]
  return modesOf(filter).map((live) => fromLedger(sql`${channelIs} AND m.live = ${live} AND ${where}`))
}

function modesOf({ live }: Filter): boolean[] {
  return live === undefined ? [true, false] : [live]
}

function fromLedger(where: RawBuilder<boolean>): Branch {
  const from = sql`notify.messages m LEFT JOIN notify.delivery_queue q
    ON q.project_id = m.project_id AND q.message_id = m.message_id`
  return { from, walks: 'm', where }
}

const atAccount = sql<boolean>`q.provider_account_id IS NOT NULL`

/**
 * Walks what an account was handed. A message in the queue belongs to the account that the queue names, and is left to
 * the walk through the queue; any other belongs to its last attempt's.
 */
function inAttempts(where: RawBuilder<boolean>, projectId: string, accountId: string, order: Order): Branch {
  const from = sql`(
      SELECT DISTINCT project_id, message_id FROM notify.delivery_attempts
      WHERE project_id = ${projectId} AND provider_account_id = ${accountId}
      ORDER BY message_id ${direction(order)}) a
    CROSS JOIN LATERAL (
      SELECT * FROM notify.messages WHERE project_id = a.project_id AND message_id = a.message_id OFFSET 0) m
    LEFT JOIN notify.delivery_queue q ON q.project_id = a.project_id AND q.message_id = a.message_id`
  return { from, walks: 'a', where: sql`q.provider_account_id IS NULL AND ${where}` }
}

/**
 * Walks the queue and looks each message up. OFFSET 0 keeps the planner from turning that round: it believes that
 * accepted messages are all over the ledger, and read a million rows to find none (560 ms; this way 12).
 */
function inQueue(where: RawBuilder<boolean>): Branch {
  const from = sql`notify.delivery_queue q CROSS JOIN LATERAL (
    SELECT * FROM notify.messages WHERE project_id = q.project_id AND message_id = q.message_id OFFSET 0) m`
  return { from, walks: 'q', where }
}

/** The same as `stateOf` in row.ts. ACCEPTED takes all that waits: each is accepted, and where it stands comes on top. */
function waitingCondition(state: MessageState, nowMs: number): RawBuilder<boolean> | undefined {
  const now = new Date(nowMs)
  if (state === ACCEPTED) return sql`true`
  if (state === SENDING) return sql`q.lease_owner IS NOT NULL`
  if (state === SCHEDULED) {
    // The first condition follows from the last (a message is never due before its send time) and needs no look-up.
    return sql`(q.due_time > ${now} AND q.lease_owner IS NULL AND q.lease_epoch = 0 AND m.send_time > ${now})`
  }
  if (state === QUEUED) return sql`(q.lease_owner IS NULL AND (q.lease_epoch > 0 OR m.send_time <= ${now}))`
  return
}

function select({ projectId, filter, order, after, limit }: ListQuery, { from, walks, where }: Branch) {
  const id = sql<string>`${sql.ref(walks)}.message_id`
  const all = [
    sql`${sql.ref(walks)}.project_id = ${projectId}`,
    where,
    ...conditions(filter, order, after, id),
  ]
  return sql<MessageRow>`SELECT ${sql.raw(MESSAGE_COLUMNS)} FROM ${from} WHERE ${sql.join(all, sql` AND `)}
    ORDER BY ${id} ${direction(order)} LIMIT ${limit}`
}

function conditions(
  filter: Filter,
  order: Order,
  after: string | undefined,
  id: RawBuilder<string>,
): RawBuilder<boolean>[] {
  const { classes, channels, to, recipientId, template, fromMs, toMs } = filter
  const { providerAccountId, campaignId, live } = filter
  const found: RawBuilder<boolean>[] = []
  if (after !== undefined) found.push(order === 'newest' ? sql`${id} < ${after}` : sql`${id} > ${after}`)
  if (fromMs !== undefined) found.push(sql`${id} >= ${minIdAt(Math.max(0, fromMs))}`)
  if (toMs !== undefined) found.push(sql`${id} < ${minIdAt(Math.max(0, toMs))}`)
  if (live !== undefined) found.push(sql`m.live = ${live}`)
  if (classes.length > 0) found.push(sql`m.class IN (${sql.join(classes)})`)
  if (channels.length > 0) found.push(sql`m.channel IN (${sql.join(channels)})`)
  if (to !== undefined) found.push(sql`lower(m.to_address) = ${to}`)
  if (recipientId !== undefined) found.push(sql`m.recipient_id = ${recipientId}`)
  if (template !== undefined) found.push(sql`m.template_name = ${template}`)
  if (campaignId !== undefined) found.push(sql`m.campaign_id = ${campaignId}`)
  if (providerAccountId !== undefined) {
    found.push(sql`coalesce(q.provider_account_id, m.provider_account_id) = ${providerAccountId}`)
  }
  return found
}
