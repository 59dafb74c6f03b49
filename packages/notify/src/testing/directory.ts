import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Bus,
  createBus,
  createLogger,
  createPageTokens,
  createSealer,
  type Db,
  systemClock,
} from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  CreateProviderAccountRequestSchema,
  ListProviderAccountsRequestSchema,
  type ProviderAccount,
  ProviderAccountSchema,
  SmtpSecurity,
  UpdateProviderAccountRequestSchema,
} from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { createDirectory, type Directory, type DirectoryDeps } from '../directory.ts'
import { ledgerMigrations } from './ledger.ts'
import { type SmtpPeer, startSmtpPeer } from './smtp-peer.ts'

export type AccountInit = MessageInitShape<typeof ProviderAccountSchema>

type Settings = DirectoryDeps['settings']

const settings: Settings = {
  smtpUrl: undefined,
  smtpFrom: undefined,
  providerConnectTimeoutMs: 5000,
  httpAllowPrivate: false,
  mailboxPort: 0,
  mailboxKeep: 100,
  deliverSendTimeoutMs: 5000,
}

/** As a key of the project calls. */
export function callOf(projectId: string, testMode = false): CallContext {
  return { projectId, requestId: 'req_test', caller: { id: 'key_test', testMode } } as CallContext
}

/**
 * Call inside `describe`: a database, an SMTP server that takes everything, and a directory between them, with the calls
 * that the tests of provider accounts make.
 */
export function useDirectory() {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const masterKey = randomBytes(32)
  const undo: (() => Promise<unknown>)[] = []
  const logged: string[] = []
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    stream: { write: (line: string) => void logged.push(line) },
  })
  let bus: Bus
  let directory: Directory
  let peer: SmtpPeer

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    undo.push(() => bus.stop())
    peer = await startSmtpPeer()
    undo.push(() => peer.close())
    directory = aProcess()
  })
  after(async () => {
    for (const step of undo) await step()
  })

  /** A process of its own: another directory, with its own caches, on the same database. */
  function aProcess(change: Partial<Settings> = {}, key = masterKey): Directory {
    const made = createDirectory({
      db: database.db,
      bus,
      clock: systemClock,
      logger,
      events: { publishMany: async () => {} },
      sealer: createSealer(key),
      pageTokens: createPageTokens(randomBytes(32)),
      settings: { ...settings, ...change },
    })
    undo.unshift(() => made.close())
    return made
  }

  return {
    aProcess,
    logged,
    ready: database.ready,
    get connectionString(): string {
      return database.connectionString
    },
    get db(): Db {
      return database.db
    },
    get directory() {
      return directory
    },
    get peer() {
      return peer
    },
    async add(
      projectId: string,
      account: AccountInit,
      testMode = false,
      on = directory,
    ): Promise<ProviderAccount> {
      const request = create(CreateProviderAccountRequestSchema, { providerAccount: account })
      const made = await on.handlers.createProviderAccount(request, callOf(projectId, testMode))
      return create(ProviderAccountSchema, made)
    },
    async change(
      projectId: string,
      account: AccountInit,
      paths?: string[],
      testMode = false,
    ): Promise<ProviderAccount> {
      const request = create(UpdateProviderAccountRequestSchema, {
        providerAccount: account,
        ...(paths === undefined ? {} : { updateMask: { paths } }),
      })
      const changed = await directory.handlers.updateProviderAccount(request, callOf(projectId, testMode))
      return create(ProviderAccountSchema, changed)
    },
    async list(projectId: string): Promise<ProviderAccount[]> {
      const request = create(ListProviderAccountsRequestSchema)
      const answer = await directory.handlers.listProviderAccounts(request, callOf(projectId))
      return (answer.providerAccounts ?? []).map((account) => create(ProviderAccountSchema, account))
    },
    /** An account at the test's SMTP server, live and enabled. */
    smtpAccount(more: AccountInit = {}): AccountInit {
      const value = {
        host: '127.0.0.1',
        port: peer.port,
        security: SmtpSecurity.NONE,
        username: 'ada',
        password: 'hunter2-hunter2',
        maxConnections: 2,
      }
      const sender = 'Acme <hello@acme.example>'
      return { displayName: 'Mail', sender, enabled: true, config: { case: 'smtp', value }, ...more }
    },
  }
}
