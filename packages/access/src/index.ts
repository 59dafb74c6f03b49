import type { DescService } from '@bufbuild/protobuf'
import {
  type Bus,
  type Clock,
  type Db,
  type DbLog,
  defineMigrations,
  type PageTokens,
  type Sealer,
} from '@mainstay/kernel'
import type { IdempotencyPort, Implementation, Ports } from '@mainstay/rpc'
import { implementAccess } from './api.ts'
import { type AccountAuthenticator, createAuthenticator } from './authenticate.ts'
import { authorise } from './authorise.ts'
import { implementAuthorization } from './authorization/api.ts'
import { type Authorization, createAuthorization } from './authorization/service.ts'
import type { AccessSettings } from './config.ts'
import { readContracts } from './contracts.ts'
import { createIdempotency } from './idempotency.ts'
import { createRecipientTokens } from './recipient-tokens.ts'
import { BY_SYSTEM } from './service/act.ts'
import { createApiKeys } from './service/api-keys.ts'
import { type Bootstrap, createBootstrap } from './service/bootstrap.ts'
import type { EventPublisher } from './service/event-publisher.ts'
import { createProjects } from './service/projects.ts'
import { createSessions } from './service/sessions.ts'
import { type SweepReport, sweep } from './service/sweep.ts'

export type { AccountAuthenticator } from './authenticate.ts'
export type { AccessQuestion, Decided } from './authorization/decide.ts'
export type { Authorization } from './authorization/service.ts'
export { type AccessSettings, accessSettings } from './config.ts'
export { reasons } from './errors.ts'
export {
  type ApiKeyChanged,
  apiKeyCreated,
  apiKeyRevoked,
  type ProjectCreated,
  projectCreated,
} from './events.ts'
export { idempotencySpace, NO_PROJECT, requireSameCall } from './idempotency.ts'
export {
  createRecipientTokens,
  type RecipientGrant,
  type RecipientTokens,
  requireOwnRecipient,
} from './recipient-tokens.ts'
export { type Act, BY_SYSTEM, within } from './service/act.ts'
export { type AuditEntry, recordAudit, recordAudits } from './service/audit.ts'
export type { Bootstrap } from './service/bootstrap.ts'
export { createFirstOperatorLink } from './service/first-operator-link.ts'
export type { SweepReport } from './service/sweep.ts'
export type { AuditEntryRow } from './store/audit-entries.ts'
export { listAuditEntriesOf } from './store/audit-of.ts'
export type { FirstCall, KeySpace } from './store/idempotency-keys.ts'

export const accessMigrations = defineMigrations('access', new URL('../migrations/', import.meta.url))

export interface AccessDeps {
  db: Db
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect' | 'isConnected'>
  clock: Clock
  logger: DbLog
  settings: AccessSettings
  sealer: Pick<Sealer, 'seal' | 'open' | 'deriveKey'>
  pageTokens: PageTokens
  /** Every service that is served: what scopes there are and which methods only read is taken from their contracts. */
  contracts: readonly DescService[]
  events: EventPublisher
  /** Milliseconds that never step back, for the key cache's lease. Default `performance.now`. */
  monotonicMs?: () => number
}

export interface Access {
  /** For `createRpc`. */
  implementation: Implementation
  /** The same of the service Authorization. */
  authorizationImplementation: Implementation
  /** Decides what a project's own people may do. */
  authorization: Authorization
  ports: Pick<Required<Ports>, 'authenticate' | 'reauthenticate' | 'authorise'> & {
    idempotency: IdempotencyPort
  }
  /** Listens for changed keys. Before it, and without it, a change is seen within a second instead of at once. */
  start(): Promise<void>
  /** Lets accounts in: identity stands above access, and hands in what knows their tokens. */
  acceptAccounts(authenticate: AccountAuthenticator): void
  /** Writes the last notes and stops listening. */
  stop(): Promise<void>
  ensureBootstrap(): Promise<Bootstrap>
  ensureDevKey(projectId: string, kept?: string): Promise<{ secret: string; created: boolean }>
  /** The token for `<console>/sign-in#token=…`. `operatorId` is a uuid. */
  createSignInLink(operatorId: string): Promise<{ token: string; expireTime: Date }>
  /** Deletes what has expired. Call it from a job every ten minutes or so. */
  sweep(signal?: AbortSignal): Promise<SweepReport>
  /** Writes noted uses of keys now instead of within seconds. */
  flushUse(): Promise<void>
}

/** Says who calls, what they may do, and that one idempotency key has one effect. */
export function createAccess(deps: AccessDeps): Access {
  const { db, bus, clock, settings, pageTokens } = deps
  const contracts = readContracts(deps.contracts)
  const recipientTokens = createRecipientTokens(deps.sealer, clock)
  let accounts: AccountAuthenticator | undefined
  const authenticator = createAuthenticator({ ...deps, contracts, recipientTokens, accounts: () => accounts })
  const announceKeyChange: Parameters<typeof createApiKeys>[0]['announceKeyChange'] = async (tx) => {
    tx.afterCommit(authenticator.forgetKeys)
    await bus.notify(tx, KEYS_CHANGED)
  }
  const projects = createProjects(deps)
  const apiKeys = createApiKeys({ ...deps, contracts, announceKeyChange })
  const sessions = createSessions(deps)
  const authorization = createAuthorization(deps)
  const listening: (() => void)[] = []

  return {
    implementation: implementAccess({ db, settings, pageTokens, projects, apiKeys, sessions }),
    authorizationImplementation: implementAuthorization({ db, clock, pageTokens, authorization }),
    authorization,
    ports: {
      authenticate: authenticator.authenticate,
      reauthenticate: authenticator.reauthenticate,
      authorise,
      idempotency: createIdempotency(deps),
    },
    acceptAccounts(authenticate) {
      accounts = authenticate
    },
    async start() {
      listening.push(bus.onReconnect(authenticator.forgetKeys))
      listening.push(await bus.listen(KEYS_CHANGED, authenticator.forgetKeys))
    },
    async stop() {
      for (const end of listening.splice(0)) end()
      await authenticator.stop()
      await authorization.close()
    },
    ...createBootstrap({ ...deps, apiKeys }),
    createSignInLink: (operatorId) => sessions.createLink(BY_SYSTEM, operatorId),
    async sweep(signal) {
      await authorization.sweep()
      return await sweep({ db, clock, settings }, signal)
    },
    flushUse: authenticator.flushUse,
  }
}

const KEYS_CHANGED = 'access_keys'
