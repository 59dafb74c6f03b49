import { resolve } from 'node:path'
import type { DbLog } from '../db/index.ts'
import { findBinaries } from './binaries.ts'
import { bringUp, type Place, type Running } from './bring-up.ts'
import { DEFAULT_PORT } from './conf.ts'
import { initialise, readCredentials, verifyVersion } from './initialise.ts'
import { ownerOfData, prepareLayout, prepareSocketFolder } from './layout.ts'
import { chooseOsUser } from './os-user.ts'
import { stopPostmaster } from './postmaster.ts'
import { ensureDatabase } from './session.ts'
import { watchServer } from './watch.ts'

export interface EmbeddedPostgresOptions {
  /** The folder that holds everything Mainstay keeps on this machine (MAINSTAY_HOME). Made when missing. */
  home: string
  logger?: DbLog
  /** Also listen on 127.0.0.1 at this port. Default: a unix socket only. */
  port?: number
  /** Overrides of postgresql.conf, for tests: `{ fsync: 'off' }`. */
  settings?: Readonly<Record<string, string>>
  /** How long to wait for it to come up, crash recovery included. Default 60,000. */
  timeoutMs?: number
}

export interface EmbeddedPostgres {
  /** For the program's own role, which owns the database `mainstay` and is no superuser. */
  connectionString: string
  /** For the server's owner. Tests and administration only. */
  superuserConnectionString: string
  /** `18.4`, as the server says it. */
  version: string
  pid: number
  /** True when it was found running, left behind by a process that was killed. */
  adopted: boolean
  dataFolder: string
  logFile: string
  /** Settles when the server ends without `stop` having been called. */
  readonly ended: Promise<void>
  /** Writes everything out and ends the server. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL that comes with the program, or takes over one left running by a killed process.
 * Throws StartError, whose message is a sentence for the terminal; nothing is then damaged.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = resolve(options.home)
  const chosen = chooseOsUser()
  const binaries = findBinaries(chosen)
  const layout = prepareLayout(home, binaries.major, chosen)
  await initialise(layout, binaries, chosen, { sync: options.settings?.fsync !== 'off' })
  const user = ownerOfData(layout, chosen)
  verifyVersion(layout)
  prepareSocketFolder(layout, user)
  const place: Place = {
    home,
    layout,
    binaries,
    user,
    credentials: readCredentials(layout),
    conf: { port: options.port, settings: options.settings },
    deadline: performance.now() + (options.timeoutMs ?? 60_000),
  }
  const running = await bringUp(place)
  if (running.adopted)
    options.logger?.info({ pid: running.postmaster.pid }, 'took over the running PostgreSQL')
  await ensureDatabase(running.client, place.credentials)
  return await handle(place, running, options.logger)
}

async function handle(
  place: Place,
  { client, postmaster, adopted }: Running,
  logger?: DbLog,
): Promise<EmbeddedPostgres> {
  const { layout, credentials, conf } = place
  const { rows } = await client.query('SHOW server_version')
  const address = { socketFolder: layout.socketFolder, port: conf.port ?? DEFAULT_PORT }
  const watch = watchServer(place, client, postmaster, address, logger)
  const query = `?host=${encodeURIComponent(address.socketFolder)}&port=${address.port}`
  let stopping: Promise<void> | undefined
  async function stop(): Promise<void> {
    // The server ends our session itself, so ownership is never free while it could still be adopted.
    watch.expectEnd()
    await stopPostmaster(postmaster, 30_000)
  }
  return {
    connectionString: `postgresql://mainstay:${credentials.app}@/mainstay${query}`,
    superuserConnectionString: `postgresql://postgres:${credentials.superuser}@/postgres${query}`,
    version: rows[0].server_version,
    pid: postmaster.pid,
    adopted,
    dataFolder: layout.data,
    logFile: layout.log,
    ended: watch.ended,
    stop: () => (stopping ??= stop()),
  }
}
