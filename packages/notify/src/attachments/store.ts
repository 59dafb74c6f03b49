import type { Executor } from '@mainstay/kernel'

const DAY_MS = 86_400_000

/**
 * Stores files durably, each once a project. One that is there already is kept for at least as long as now needed.
 *
 * Files are stored one by one, in the order of their hashes, so that callers who store the same ones wait for each other instead
 * of deadlocking.
 */
export async function storeAttachments(
  executor: Pick<Executor, 'query'>,
  projectId: string,
  files: ReadonlyMap<string, Uint8Array>,
  keepUntil: Date,
): Promise<void> {
  for (const [hash, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // A day's slack, so that a file which many messages share is not written for each of them.
    await executor.query({
      name: 'notify.attachments.store',
      text: `INSERT INTO notify.attachments AS a (project_id, hash, content, keep_until)
        VALUES ($1, $2, $3, $4::timestamptz + interval '1 day')
        ON CONFLICT (project_id, hash) DO UPDATE SET keep_until = excluded.keep_until
          WHERE a.keep_until < $4::timestamptz`,
      values: [projectId, Buffer.from(hash, 'hex'), content, keepUntil],
    })
  }
}

/** Undefined: it is gone. */
export async function findAttachment(
  executor: Executor,
  projectId: string,
  hash: string,
): Promise<Buffer | undefined> {
  const { rows } = await executor.query<{ content: Buffer }>({
    name: 'notify.attachments.find',
    text: 'SELECT content FROM notify.attachments WHERE project_id = $1 AND hash = $2',
    values: [projectId, Buffer.from(hash, 'hex')],
  })
  return rows[0]?.content
}

/** Deletes files that no message in the ledger can name any more, in small commits. Returns how many. */
export async function deleteOldAttachments(executor: Executor, now: Date): Promise<number> {
  let count = 0
  for (;;) {
    const { rowCount } = await executor.query({
      text: `DELETE FROM notify.attachments WHERE (project_id, hash) IN (
        SELECT project_id, hash FROM notify.attachments WHERE keep_until < $1 ORDER BY keep_until LIMIT 100
        FOR UPDATE SKIP LOCKED)`,
      values: [now],
    })
    count += rowCount
    if (rowCount < 100) return count
  }
}

/** Until when the ledger keeps a message that expires then: partitions are dropped a span later than their messages' end. */
export function keptUntil(expireMs: number, retentionDays: number): Date {
  return new Date(expireMs + (retentionDays + 31) * DAY_MS)
}
