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
    const { rows: taken } = await tx.query<{ snapshot: string }>({
      text: 'SELECT pg_current_snapshot()::text AS snapshot',
    })
    const snapshot = taken[0]?.snapshot
    await tx.query({ text: RENUMBER, values: [snapshot] })
    await tx.query({
      text: `UPDATE kernel.event_cursors
             SET done = $1, batch = NULL, after_seq = 0, owner = NULL, epoch = epoch + 1`,
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

/**
 * Unread is what a cursor's old numbers say, and all that was published since the cursor was saved, whose numbers may be
 * the new server's already. It gets the number of a transaction that the new cursors have not seen.
 */
const RENUMBER = `
  UPDATE kernel.outbox o SET xid = pg_snapshot_xmax($1::pg_snapshot)
  WHERE o.seq > (SELECT min(position) FROM kernel.event_cursors)
     OR EXISTS (
       SELECT FROM kernel.event_cursors c
       WHERE o.xid >= pg_snapshot_xmax(c.done) OR o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(c.done))))`
