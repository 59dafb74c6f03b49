import type { ClientBase } from 'pg'
import { MigrationError } from './errors.ts'
import type { Migration } from './files.ts'

/** One row of kernel.migrations. */
export interface AppliedMigration {
  capability: string
  version: number
  name: string
  checksum: string
  appliedAt: Date
}

/** Made by the migrator itself: it must be there before the first migration is. */
export async function createHistoryTable(client: ClientBase): Promise<void> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS kernel;
    CREATE TABLE IF NOT EXISTS kernel.migrations (
      capability text NOT NULL,
      version int NOT NULL,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(),
      duration_ms int NOT NULL,
      PRIMARY KEY (capability, version)
    )`)
}

/** What this database has been through; nothing when it has never been migrated. */
export async function readHistory(client: Pick<ClientBase, 'query'>): Promise<AppliedMigration[]> {
  const { rows: found } = await client.query(`SELECT to_regclass('kernel.migrations') IS NOT NULL AS there`)
  if (!found[0].there) return []
  const { rows } = await client.query<AppliedMigration>(
    `SELECT capability, version, name, checksum, applied_at AS "appliedAt"
     FROM kernel.migrations ORDER BY capability, version`,
  )
  return rows
}

export async function recordMigration(
  client: ClientBase,
  { capability, version, name, checksum }: Migration,
  durationMs: number,
): Promise<void> {
  await client.query(
    `INSERT INTO kernel.migrations (capability, version, name, checksum, duration_ms) VALUES ($1, $2, $3, $4, $5)`,
    [capability, version, name, checksum, Math.round(durationMs)],
  )
}

/**
 * Splits one capability's files into applied and pending, and refuses a history that does not match them:
 * a file edited after it was applied, or a database that a newer program has already migrated further.
 */
export function comparePast(
  capability: string,
  migrations: readonly Migration[],
  history: readonly AppliedMigration[],
): { applied: AppliedMigration[]; pending: Migration[] } {
  const applied = history.filter((row) => row.capability === capability)
  for (const row of applied) {
    const file = migrations[row.version - 1]
    if (file === undefined) {
      const known = migrations.at(-1)?.name ?? 'none'
      throw new MigrationError(
        `This database is newer than this program: it has ${capability} migration ${row.name}, ` +
          `and this program knows ${capability} up to ${known}. Nothing was changed. ` +
          'Run the newer program, or restore the backup made before it was started.',
      )
    }
    if (file.name !== row.name || file.checksum !== row.checksum) {
      throw new MigrationError(
        `${file.path} is not what was applied to this database as ${row.name} on ${row.appliedAt.toISOString()}. ` +
          'A migration never changes once it has landed. Nothing was changed. ' +
          'Restore the file as it was, and put the new change into a new file with the next number.',
      )
    }
  }
  // The files are numbered 1…n and every applied row has its file, so a gap can only come from a hand-edited table.
  if (applied.length > 0 && applied.at(-1)?.version !== applied.length) {
    throw new MigrationError(`kernel.migrations has a gap in ${capability}: rows were removed by hand`)
  }
  return { applied, pending: migrations.slice(applied.length) }
}
