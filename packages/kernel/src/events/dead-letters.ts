import type { Db } from '../db/index.ts'

/** An event a group gave up on. */
export interface DeadLetter {
  id: string
  group: string
  eventId: string
  name: string
  key: string | undefined
  payload: unknown
  attempts: number
  /** What the handler threw last. For operators: it may hold anything. */
  error: string
  failTime: Date
}

export interface DeadLetters {
  /** Newest first; `before` is the id of the last one on the page before. */
  list(filter?: { group?: string; before?: string; limit?: number }): Promise<DeadLetter[]>
  /**
   * Hands them to their groups once more, with all attempts before them. The events behind them went on meanwhile, so
   * order per key is not kept for these; later events of their keys wait until they are through. Letters of a group
   * that was removed stay.
   *
   * @returns how many.
   */
  replay(ids: readonly string[]): Promise<number>
  /** Deletes them for good. */
  discard(ids: readonly string[]): Promise<number>
}

export function createDeadLetters(db: Db, onReplay: () => Promise<void>): DeadLetters {
  return {
    async list({ group, before, limit = 50 } = {}) {
      const { rows } = await db.query<DeadLetter & { key: string | null }>({
        text: `SELECT id, group_name AS "group", event_id AS "eventId", topic AS name, key, payload, attempts, error,
                      to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)
                        AS "failTime"
               FROM kernel.dead_letters
               WHERE ($1::text IS NULL OR group_name = $1) AND ($2::uuid IS NULL OR id < $2)
               ORDER BY id DESC LIMIT $3`,
        values: [group, before, limit],
      })
      return rows.map((row) => ({ ...row, key: row.key ?? undefined }))
    },
    async replay(ids) {
      const { rowCount } = await db.query({
        text: `WITH taken AS (
                 DELETE FROM kernel.dead_letters d USING kernel.event_groups g
                 WHERE d.id = ANY ($1) AND g.name = d.group_name RETURNING d.*, g.shards
               )
               INSERT INTO kernel.event_retries
                 (group_name, lane, seq, shard, event_id, topic, key, payload, trace, attempts, next_time, error)
               SELECT group_name, coalesce(key, event_id::text), seq,
                      kernel.event_shard(coalesce(key, event_id::text), shards),
                      event_id, topic, key, payload, trace, 0, now(), error
               FROM taken ON CONFLICT DO NOTHING`,
        values: [ids],
      })
      if (rowCount > 0) await onReplay()
      return rowCount
    },
    async discard(ids) {
      const { rowCount } = await db.query({
        text: 'DELETE FROM kernel.dead_letters WHERE id = ANY ($1)',
        values: [ids],
      })
      return rowCount
    },
  }
}
