import { createHash } from 'node:crypto'
import type pg from 'pg'
import { createDb } from '../db/index.ts'
import { type MigrationSet, migrate, readMigrations } from '../migrations/index.ts'

/**
 * The template database of a combination of migrations, made by whichever test process needs it first. Its name is the
 * hash of their checksums, so an edited migration in a working copy makes another one.
 */
export async function ensureTemplate(
  admin: pg.Client,
  serverUrl: string,
  sets: readonly MigrationSet[],
): Promise<string> {
  const migrations = (await Promise.all(sets.map(readMigrations))).flat()
  const hash = createHash('sha256')
    .update(
      migrations.map(({ capability, name, checksum }) => `${capability}/${name}:${checksum}`).join('\n'),
    )
    .digest('hex')
    .slice(0, 16)
  const name = `template_${hash}`
  await admin.query(`SELECT pg_advisory_lock(hashtextextended('template', 0))`)
  try {
    await ensureTester(admin)
    if (!(await exists(admin, name))) {
      const building = `building_${hash}`
      await admin.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`)
      await admin.query(`CREATE DATABASE ${building} OWNER ${TESTER}`)
      const db = createDb({ connectionString: asTester(serverUrl, building), poolSize: 1 })
      try {
        await migrate(db, sets)
      } finally {
        await db.close()
      }
      // Renamed at the end: a name that exists is a template that is complete.
      await admin.query(`ALTER DATABASE ${building} RENAME TO ${name}`)
    }
  } finally {
    await admin.query(`SELECT pg_advisory_unlock(hashtextextended('template', 0))`)
  }
  return name
}

/**
 * Tests do what the program does in production: own their database and be nobody's superuser. A migration that needs
 * more fails here first.
 */
export const TESTER = 'tester'

async function ensureTester(admin: pg.Client): Promise<void> {
  const { rowCount } = await admin.query(`SELECT FROM pg_roles WHERE rolname = $1`, [TESTER])
  if (rowCount === 0) await admin.query(`CREATE ROLE ${TESTER} LOGIN PASSWORD '${TESTER}'`)
}

/** The same server as the tester, in another database. */
export function asTester(serverUrl: string, database: string): string {
  return withDatabase(serverUrl, database).replace(/\/\/[^/]*@/, `//${TESTER}:${TESTER}@`)
}

export function withDatabase(serverUrl: string, database: string): string {
  return serverUrl.replace(/(@[^/]*\/)[^?]*/, `$1${database}`)
}

async function exists(admin: pg.Client, name: string): Promise<boolean> {
  const { rows } = await admin.query(`SELECT FROM pg_database WHERE datname = $1`, [name])
  return rows.length > 0
}
