import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chownTo } from './folders.ts'
import type { Layout } from './layout.ts'
import type { OsUser } from './os-user.ts'

export interface ConfOptions {
  /** Listen on 127.0.0.1 at this port too. Without it there is no TCP listener at all. */
  port?: number | undefined
  /** Overrides, as postgresql.conf writes them: `{ fsync: 'off' }`. For tests. */
  settings?: Readonly<Record<string, string>> | undefined
}

/** The port in the socket's name; with a TCP listener PostgreSQL uses that one's for both. */
export const DEFAULT_PORT = 5432

/**
 * A small machine's PostgreSQL that never loses what it acknowledged. Sized so that it and Node stay under 250 MB
 * together when idle; a database that outgrows this belongs on a server of its own (DATABASE_URL).
 */
function settingsFor({ socketFolder }: Layout, { port, settings }: ConfOptions): Record<string, string> {
  return {
    listen_addresses: port === undefined ? '' : '127.0.0.1',
    port: String(port ?? DEFAULT_PORT),
    unix_socket_directories: socketFolder,
    unix_socket_permissions: '0700',
    max_connections: '60',
    shared_buffers: '128MB',
    huge_pages: 'off',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    effective_cache_size: '512MB',
    // Durability is a promise: these are PostgreSQL's defaults, written down so that nobody wonders.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // Fewer checkpoints, spread out: each one makes the next write of every page twice as large.
    checkpoint_timeout: '10min',
    max_wal_size: '1GB',
    min_wal_size: '80MB',
    // Compiling a plan costs 50–200 ms, more than any statement here runs.
    jit: 'off',
    // SSDs: random reads cost about as much as sequential ones.
    random_page_cost: '1.1',
    // Reading in the session itself saves three idle worker processes.
    io_method: 'sync',
    max_worker_processes: '4',
    max_parallel_workers: '2',
    max_parallel_workers_per_gather: '1',
    max_logical_replication_workers: '0',
    autovacuum_naptime: '15s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements and DETAIL lines quote people's data: neither may reach a log file.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    ...settings,
  }
}

/** Writes postgresql.conf anew, so that an upgrade's settings apply. Own settings go into ALTER SYSTEM. */
export function writeConf(layout: Layout, options: ConfOptions, user: OsUser | undefined): void {
  const lines = Object.entries(settingsFor(layout, options)).map(
    ([name, value]) => `${name} = ${literal(value)}`,
  )
  const path = join(layout.data, 'postgresql.conf')
  const text = [
    '# Written by Mainstay at every start. Change settings with ALTER SYSTEM, which is kept in postgresql.auto.conf.',
    ...lines,
    `mainstay.settings = ${literal(confHash(layout, options))}`,
    '',
  ].join('\n')
  if (readIfThere(path) === text) return
  writeFileSync(path, text, { mode: 0o600 })
  chownTo(user, path)
}

/** What a running server was started with: one with other settings is restarted instead of adopted. */
export function confHash(layout: Layout, options: ConfOptions): string {
  return createHash('sha256')
    .update(JSON.stringify(settingsFor(layout, options)))
    .digest('hex')
    .slice(0, 16)
}

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return
  }
}
