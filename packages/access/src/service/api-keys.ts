import {
  type AppError,
  appError,
  type Clock,
  type Db,
  newId,
  type PageTokens,
  pageLimit,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import type { Caller } from '@mainstay/rpc'
import type { Contracts } from '../contracts.ts'
import { reasons } from '../errors.ts'
import { apiKeyCreated, apiKeyRevoked } from '../events.ts'
import { scopesAllow } from '../grants.ts'
import { keyPrefix, mintKey } from '../key-text.ts'
import {
  type ApiKeyRow,
  findApiKey,
  growKeyRevision,
  insertApiKey,
  listApiKeys,
  lockApiKey,
  setRevoked,
} from '../store/api-keys.ts'
import { type Act, within } from './act.ts'
import { recordAudit } from './audit.ts'
import type { EventPublisher } from './event-publisher.ts'
import type { PageAsk } from './paging.ts'

export interface NewApiKey {
  projectId: string
  displayName: string
  live: boolean
  scopes: readonly string[]
  expireTime: Date | undefined
}

export interface ApiKeysDeps {
  db: Db
  clock: Clock
  contracts: Contracts
  pageTokens: PageTokens
  events: EventPublisher
  /** Makes every process forget its cached keys once `tx` has committed. */
  announceKeyChange(tx: Tx): Promise<void>
}

export function createApiKeys(deps: ApiKeysDeps) {
  const { db, clock, contracts, pageTokens, events } = deps

  return {
    /** The key and its whole text, which nobody can show again. `grantor` is undefined for the program itself. */
    async create(act: Act, wanted: NewApiKey, grantor?: Caller): Promise<{ row: ApiKeyRow; secret: string }> {
      requireFuture(wanted.expireTime, clock)
      requireKnownScopes(wanted.scopes, contracts)
      if (grantor !== undefined) requireGrantable(wanted, grantor, contracts)
      const minted = mintKey(wanted.live)
      const row: ApiKeyRow = {
        project_id: wanted.projectId,
        api_key_id: newId(clock),
        public_id: minted.publicId,
        live: wanted.live,
        display_name: wanted.displayName,
        scopes: [...wanted.scopes],
        create_time: clock.now(),
        expire_time: wanted.expireTime ?? null,
        last_use_time: null,
        revoke_time: null,
      }
      await within(db, act, async (tx) => {
        await insertApiKey(tx, row, minted.secretHash)
        await recordAudit(tx, clock, act, entryFor(row, 'access.api_keys.create'))
        await events.publish(tx, apiKeyCreated, { projectId: row.project_id, apiKeyId: row.api_key_id })
      })
      return { row, secret: minted.text }
    },

    /** A page of a project's keys, newest first. */
    async list(
      ask: PageAsk & { showInactive: boolean },
    ): Promise<{ rows: ApiKeyRow[]; nextPageToken: string }> {
      const { projectId, showInactive } = ask
      const scope = { method: ask.method, projectId, filter: { showInactive } }
      const limit = pageLimit(ask.pageSize)
      const [beforeId] = pageTokens.read(scope, ask.pageToken) ?? []
      const rows = await listApiKeys(db, {
        projectId,
        beforeId: beforeId as string | undefined,
        activeAt: showInactive ? undefined : clock.now(),
        limit: limit + 1,
      })
      return pageTokens.cut(scope, rows, limit, (last) => [last.api_key_id])
    },

    async get(projectId: string, apiKeyId: string): Promise<ApiKeyRow> {
      const row = await findApiKey(db, projectId, apiKeyId)
      if (row === undefined) throw keyNotFound()
      return row
    },

    /** Revoking a key again changes nothing and answers with the first revocation. */
    async revoke(act: Act, projectId: string, apiKeyId: string, revoker?: Caller): Promise<ApiKeyRow> {
      return await within(db, act, async (tx) => {
        const row = await lockApiKey(tx, projectId, apiKeyId)
        if (row === undefined) throw keyNotFound()
        if (revoker !== undefined) requireMode(row.live, revoker)
        if (row.revoke_time !== null) return row
        const revokeTime = clock.now()
        await setRevoked(tx, row, revokeTime)
        await recordAudit(tx, clock, act, entryFor(row, 'access.api_keys.revoke'))
        await events.publish(tx, apiKeyRevoked, { projectId: row.project_id, apiKeyId: row.api_key_id })
        await growKeyRevision(tx)
        await deps.announceKeyChange(tx)
        return { ...row, revoke_time: revokeTime }
      })
    },
  }
}

export type ApiKeys = ReturnType<typeof createApiKeys>

/** What a key may be recognised by, and searched for in logs and code. */
export function prefixOf(row: ApiKeyRow): string {
  return keyPrefix(row.live, row.public_id)
}

function entryFor(row: ApiKeyRow, action: string) {
  return { projectId: row.project_id, action, resource: toTypeId('key', row.api_key_id) }
}

function keyNotFound(): AppError {
  return appError(reasons, 'access.api_key_not_found', 'There is no such API key in this project.')
}

function requireFuture(expireTime: Date | undefined, clock: Clock): void {
  if (expireTime === undefined || expireTime.getTime() > clock.nowMs()) return
  throw appError(reasons, 'access.expire_time_past', 'A key must expire in the future, or never.', {
    violations: [{ field: 'apiKey.expireTime', description: 'is in the past' }],
  })
}

function requireKnownScopes(scopes: readonly string[], contracts: Contracts): void {
  const violations = scopes.flatMap((scope, index) =>
    contracts.isKnownGrant(scope)
      ? []
      : [
          {
            field: `apiKey.scopes[${index}]`,
            description: `${scope} is not a scope that any method asks for`,
          },
        ],
  )
  if (violations.length === 0) return
  throw appError(
    reasons,
    'access.scope_unknown',
    `Some scopes do not exist. There are: *, ${contracts.scopes.join(', ')}, and capability:* for each.`,
    { violations },
  )
}

/** Nobody gives a key more than they have: a key that may make keys must not be a way to every other scope. */
function requireGrantable(wanted: NewApiKey, grantor: Caller, contracts: Contracts): void {
  requireMode(wanted.live, grantor)
  const holds = (scope: string): boolean =>
    grantor.kind === 'operator'
      ? contracts.permissionsCover(grantor.permissions, scope)
      : scopesAllow(grantor.scopes, scope)
  const violations = wanted.scopes.flatMap((scope, index) =>
    holds(scope)
      ? []
      : [{ field: `apiKey.scopes[${index}]`, description: `${scope} is more than you may do` }],
  )
  if (violations.length === 0) return
  throw appError(
    reasons,
    'access.scope_not_held',
    'A key can only be given scopes that its creator has. Ask somebody who has them.',
    { violations },
  )
}

/** A test key is handed around freely; it must not be a way to real people. */
function requireMode(live: boolean, caller: Caller): void {
  if (!live || caller.kind !== 'api_key' || !caller.testMode) return
  throw appError(
    reasons,
    'access.mode_not_allowed',
    'A test key cannot create or revoke live keys. Use a live key, or the console.',
  )
}
