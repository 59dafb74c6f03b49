import type { Db } from '../db/index.ts'
import type { Cursor } from './feed.ts'
import type { Lease } from './store.ts'
import type { Consumer } from './subscription.ts'

/** A shard as the last look at the table showed it. */
export interface ShardState {
  group: string
  shard: number
  owner: string | null
  ownerAlive: boolean
  epoch: bigint
}

/** Makes a group's rows when it is new. @returns how many shards it has: what it was first made with counts. */
export async function ensureGroup(db: Db, consumer: Consumer): Promise<number> {
  const { rows: known } = await db.query<{ shards: number }>({
    text: 'SELECT shards FROM kernel.event_groups WHERE name = $1',
    values: [consumer.group],
  })
  if (known[0] !== undefined) return known[0].shards
  return await db.transaction(async (tx) => {
    await tx.query({
      text: 'INSERT INTO kernel.event_groups (name, shards) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      values: [consumer.group, consumer.shards],
    })
    const { rows } = await tx.query<{ shards: number }>({
      text: 'SELECT shards FROM kernel.event_groups WHERE name = $1',
      values: [consumer.group],
    })
    const shards = rows[0]?.shards ?? consumer.shards
    // From the oldest on is one batch of everything there is, read by position from the beginning.
    await tx.query({
      text: `INSERT INTO kernel.event_cursors (group_name, shard, done, batch)
             SELECT $1, shard, ${consumer.from === 'next' ? 'pg_current_snapshot(), NULL' : `'1:1:', pg_current_snapshot()`}
             FROM generate_series(0, $2::int - 1) AS shard ON CONFLICT DO NOTHING`,
      values: [consumer.group, shards],
    })
    return shards
  })
}

/** Says that this process is alive, and reads who has which shard of its groups. One statement per beat, for all. */
export async function beat(
  db: Db,
  member: string,
  leaseMs: number,
  groups: readonly string[],
): Promise<{ shards: ShardState[]; members: number }> {
  const { rows } = await db.query<ShardState & { members: number }>({
    name: 'events.beat',
    text: `WITH me AS (
             INSERT INTO kernel.event_members (id, alive_until) VALUES ($1, now() + $2 * interval '1 millisecond')
             ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until
           ), alive AS (
             SELECT id FROM kernel.event_members WHERE alive_until > now() AND id <> $1
           )
           SELECT c.group_name AS "group", c.shard, c.owner, c.epoch,
                  c.owner = $1 OR c.owner IN (SELECT id FROM alive) AS "ownerAlive",
                  (SELECT count(*) FROM alive)::int + 1 AS members
           FROM kernel.event_cursors c WHERE c.group_name = ANY ($3) ORDER BY c.shard, c.group_name`,
    values: [member, leaseMs, groups],
  })
  return {
    shards: rows.map((row) => ({ ...row, ownerAlive: row.ownerAlive === true })),
    members: rows[0]?.members ?? 1,
  }
}

/** Takes a free shard. The epoch decides between several takers: only one finds it as it was. */
export async function claim(
  db: Db,
  member: string,
  { group, shard, epoch }: ShardState,
): Promise<{ lease: Lease; cursor: Cursor } | undefined> {
  const { rows } = await db.query<Cursor & { epoch: bigint }>({
    name: 'events.claim',
    text: `UPDATE kernel.event_cursors SET owner = $3, epoch = epoch + 1
           WHERE group_name = $1 AND shard = $2 AND epoch = $4
           RETURNING epoch, done::text, batch::text, after_seq AS "afterSeq", position`,
    values: [group, shard, member, epoch],
  })
  const [row] = rows
  if (row === undefined) return
  const { epoch: taken, ...cursor } = row
  return { lease: { group, shard, owner: member, epoch: taken }, cursor }
}

export async function release(db: Db, { group, shard, owner, epoch }: Lease): Promise<void> {
  await db.query({
    name: 'events.release',
    text: `UPDATE kernel.event_cursors SET owner = NULL
           WHERE group_name = $1 AND shard = $2 AND owner = $3 AND epoch = $4`,
    values: [group, shard, owner, epoch],
  })
}

/** Leaves at once instead of when the lease runs out. */
export async function leave(db: Db, member: string): Promise<void> {
  await db.query({ text: 'DELETE FROM kernel.event_members WHERE id = $1', values: [member] })
}
