import type { Db } from '../db/index.ts'

/**
 * Transaction ids mean something on one server only. When the database is found on another one (a dump restored, the
 * move from the embedded server to a managed one), unread events are renumbered before anybody reads, so that none is
 * taken for read; a few that were read are delivered again.
 *
 * @returns true when it was another server.
 */
export async function adoptOutbox(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ same: boolean }>({ text: SAME_SERVER })
  if (rows[0]?.same === true) return false
  return await db.transaction(async (tx) => {
    // Publishers wait: a row written while we renumber would carry an id that the cursors below take for read.
    await tx.query({ text: 'LOCK TABLE kernel.event_origin, kernel.outbox IN SHARE ROW EXCLUSIVE MODE' })
    const again = await tx.query<{ same: boolean }>({ text: SAME_SERVER })
    if (again.rows[0]?.same === true) return false
    await tx.query({ text: LOWER_FLOORS })
    const { rows: taken } = await tx.query<{ snapshot: string }>({
      text: 'SELECT pg_current_snapshot()::text AS snapshot',
    })
    const snapshot = taken[0]?.snapshot
    await tx.query({
      text: `UPDATE kernel.outbox SET xid = pg_snapshot_xmax($1::pg_snapshot)
             WHERE seq > (SELECT min(floor) FROM kernel.event_cursors)`,
      values: [snapshot],
    })
    await tx.query({
      text: `UPDATE kernel.event_cursors
             SET done = $1, batch = NULL, batch_floor = NULL, after_seq = 0, owner = NULL, epoch = epoch + 1`,
      values: [snapshot],
    })
    await tx.query({
      text: `INSERT INTO kernel.event_origin (system_identifier) SELECT system_identifier FROM pg_control_system()
             ON CONFLICT (only_row) DO UPDATE SET system_identifier = excluded.system_identifier`,
    })
    return true
  })
}

const SAME_SERVER = `SELECT EXISTS (
  SELECT FROM kernel.event_origin JOIN pg_control_system() USING (system_identifier)) AS same`

/** Rows of transactions that a cursor was still waiting for may lie below its floor. */
const LOWER_FLOORS = `
  UPDATE kernel.event_cursors c
  SET floor = least(c.floor, (
    SELECT min(o.seq) - 1 FROM kernel.outbox o WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(c.done)))))`
