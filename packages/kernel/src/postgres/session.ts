import pg from 'pg'
import { StartError } from './errors.ts'
import type { Credentials } from './initialise.ts'
import type { Layout } from './layout.ts'

/** What a try to connect as the server's owner came to. */
export type Connection =
  | { state: 'connected'; client: pg.Client }
  /** Nobody listens. */
  | { state: 'absent' }
  /** It is starting up or shutting down. */
  | { state: 'busy' }

export async function connectAsOwner(
  layout: Layout,
  credentials: Credentials,
  { socketFolder, port }: { socketFolder: string; port: number },
): Promise<Connection> {
  const client = new pg.Client({
    host: socketFolder,
    port,
    user: 'postgres',
    password: credentials.superuser,
    database: 'postgres',
    application_name: ownerName(process.pid),
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {}) // the caller watches for `end`
  try {
    await client.connect()
    return { state: 'connected', client }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return { state: 'absent' }
    if (code === '28P01') {
      throw new StartError(
        'no_credentials',
        `The password in ${layout.credentials} is not the one of the database beside it. ` +
          'Restore it from a backup, or set MAINSTAY_HOME to another folder.',
        { cause: error },
      )
    }
    return { state: 'busy' }
  }
}

/** "mainstay owner": held by the session of the one process that this server belongs to. */
const OWNER_LOCK = '7236280513749812'

/**
 * Makes this process the server's owner, for as long as the session lives. A lock in the server itself, rather than a
 * file, because the system gives it back at the very moment a process dies, whatever killed it.
 */
export async function takeOwnership(client: pg.Client, home: string): Promise<void> {
  const { rows } = await client.query(`SELECT pg_try_advisory_lock(${OWNER_LOCK}) AS held`)
  if (rows[0].held) return
  const { rows: owners } = await client.query(
    `SELECT application_name AS name FROM pg_stat_activity WHERE pid IN (
       SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid())`,
  )
  const pid = owners
    .map(({ name }) => /^mainstay owner (\d+)$/.exec(name)?.[1])
    .find((found) => found !== undefined)
  throw new StartError(
    'already_running',
    `Mainstay is already running on ${home}${pid === undefined ? '' : ` (process ${pid})`}. ` +
      'Stop it first, or set MAINSTAY_HOME to another folder.',
  )
}

/** Makes the program's own role and database unless they are there. Not a superuser: it needs no such power. */
export async function ensureDatabase(client: pg.Client, credentials: Credentials): Promise<void> {
  const { rows } = await client.query(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mainstay') AS role,
            EXISTS (SELECT FROM pg_database WHERE datname = 'mainstay') AS database`,
  )
  if (!rows[0].role) {
    await client.query(`CREATE ROLE mainstay LOGIN PASSWORD ${client.escapeLiteral(credentials.app)}`)
  }
  if (!rows[0].database) await client.query('CREATE DATABASE mainstay OWNER mainstay')
}

function ownerName(pid: number): string {
  return `mainstay owner ${pid}`
}

/** True when the server runs with these settings, that is: when it need not be restarted to have them. */
export async function hasSettings(client: pg.Client, hash: string): Promise<boolean> {
  const { rows } = await client.query(`SELECT current_setting('mainstay.settings', true) AS hash`)
  return rows[0].hash === hash
}
