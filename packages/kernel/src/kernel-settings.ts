import { resolve } from 'node:path'
import { defineSettings, type SettingsOf } from './config.ts'

/** What every process of Mainstay needs: where its data is, which database, how it logs. */
export const kernelSettings = defineSettings('kernel', {
  home: {
    env: 'MAINSTAY_HOME',
    type: 'string',
    default: '.mainstay',
    min: 1,
    doc: 'The folder of everything that Mainstay keeps on this machine: the embedded database, the master key, the development key.',
  },
  masterKey: {
    env: 'MAINSTAY_MASTER_KEY',
    type: 'secret',
    optional: true,
    doc: 'The key that seals credentials: 32 bytes in base64, as `openssl rand -base64 32` prints. Default: `master.key` in MAINSTAY_HOME, made at first start. Processes that share a database need the same one.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    type: 'url',
    optional: true,
    secret: true,
    doc: 'An existing PostgreSQL, 15 or newer, for example `postgresql://mainstay@db.internal/mainstay`. Default: Mainstay starts its own.',
  },
  databasePort: {
    env: 'MAINSTAY_DATABASE_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65535,
    doc: 'Also let the embedded PostgreSQL listen on 127.0.0.1 at this port. 0: a unix socket only.',
  },
  databasePoolSize: {
    env: 'DATABASE_POOL_SIZE',
    type: 'integer',
    default: 10,
    min: 2,
    max: 500,
    doc: 'Most database connections of one process, beside one for notifications.',
  },
  statementTimeoutMs: {
    env: 'DATABASE_STATEMENT_TIMEOUT_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 0,
    doc: 'The database stops a statement after this long. 0: never.',
  },
  lockTimeoutMs: {
    env: 'DATABASE_LOCK_TIMEOUT_MS',
    type: 'duration_ms',
    default: 10_000,
    min: 0,
    doc: 'The database gives up waiting for a lock after this long. 0: never.',
  },
  idleInTransactionTimeoutMs: {
    env: 'DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS',
    type: 'duration_ms',
    default: 60_000,
    min: 0,
    doc: 'The database ends a session that keeps a transaction open without using it for this long. 0: never.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    doc: 'The least serious log lines that are written.',
  },
  logFormat: {
    env: 'LOG_FORMAT',
    type: 'enum',
    values: ['auto', 'json', 'pretty'],
    default: 'auto',
    doc: '`json` for machines, `pretty` for people; `auto` is `pretty` at a terminal and `json` elsewhere.',
  },
})

export type KernelSettings = SettingsOf<typeof kernelSettings>

/** The data folder as an absolute path: a relative one is meant from where the process was started. */
export function homeFolder({ home }: Pick<KernelSettings, 'home'>): string {
  return resolve(home)
}
