import {
  createDb,
  type Db,
  type EmbeddedPostgres,
  homeFolder,
  type Logger,
  StartError,
  startEmbeddedPostgres,
} from '@mainstay/kernel'
import type { ServerSettings } from './config.ts'

/** The database: ours, started and stopped with the process, or the one that `DATABASE_URL` names. */
export interface Engine {
  db: Db
  connectionString: string
  /** Undefined with `DATABASE_URL`. */
  embedded: EmbeddedPostgres | undefined
  /** The server's version, `18.4`. */
  version: string
  stop(): Promise<void>
}

const OLDEST_POSTGRES = 150_000

/** Starts or reaches the database. Throws StartError with a sentence for the terminal. */
export async function openEngine(settings: ServerSettings, logger: Logger): Promise<Engine> {
  const { databaseUrl, databasePort } = settings.kernel
  const home = homeFolder(settings.kernel)
  const embedded =
    databaseUrl === undefined
      ? await startEmbeddedPostgres({ home, logger, ...(databasePort > 0 ? { port: databasePort } : {}) })
      : undefined
  const connectionString = embedded?.connectionString ?? (databaseUrl as string)
  const db = createDb({
    connectionString,
    poolSize: settings.kernel.databasePoolSize,
    statementTimeoutMs: settings.kernel.statementTimeoutMs,
    lockTimeoutMs: settings.kernel.lockTimeoutMs,
    idleInTransactionTimeoutMs: settings.kernel.idleInTransactionTimeoutMs,
    logger,
  })
  const stop = async () => {
    await db.close()
    await embedded?.stop()
  }
  try {
    return { db, connectionString, embedded, version: await readVersion(db), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readVersion(db: Db): Promise<string> {
  const { rows } = await db.query<{ version: string; number: string }>({
    text: `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`,
  })
  const [row] = rows
  if (row === undefined || Number(row.number) < OLDEST_POSTGRES) {
    throw new StartError(
      'other_version',
      `DATABASE_URL is PostgreSQL ${row?.version}; Mainstay needs 15 or newer.`,
    )
  }
  return row.version.split(' ')[0] as string
}
