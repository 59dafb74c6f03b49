import { durationMs, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type AuditEntry, recordAudit, within } from '@mainstay/access'
import { appError, type Clock, type Db, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import {
  type Account,
  Accounts as AccountsService,
  type Identifier,
  IdentifierType,
} from '@mainstay/proto/identity/v1/accounts'
import { type CallContext, type Implementation, implement } from '@mainstay/rpc'
import { actOf, pageAsk, placeOf, uuidOf } from '../calls.ts'
import type { Clients } from '../clients/service.ts'
import { reasons } from '../errors.ts'
import { canonicalIdentifier } from '../identifiers.ts'
import { type AccountImport, toImportReport } from '../import/service.ts'
import { toAccount, toAuditEntry, toExported, toSession } from '../messages.ts'
import type { Sessions } from '../sessions/service.ts'
import { listSessions } from '../sessions/store.ts'
import type { Deletion } from './deletion.ts'
import { exportAccount } from './export.ts'
import { createHistory } from './history.ts'
import type { Identifiers } from './identifiers.ts'
import type { createImpersonation } from './impersonation.ts'
import type { People } from './people.ts'
import { type AccountChange, type Accounts, requireMode } from './service.ts'
import type { AccountRow } from './store.ts'

export interface AccountsApiDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  accounts: Accounts
  identifiers: Identifiers
  people: People
  accountImport: AccountImport
  clients: Pick<Clients, 'getApp'>
  deletion: Deletion
  impersonate: ReturnType<typeof createImpersonation>
  sessions: Pick<Sessions, 'end'>
}

const MOST_ATTRIBUTE_BYTES = 8192
const DEFAULT_IMPERSONATION_MS = 15 * 60_000

/** The handlers of the service Accounts. */
export function implementAccounts(deps: AccountsApiDeps): Implementation {
  const {
    db,
    clock,
    pageTokens,
    accounts,
    sessions,
    identifiers,
    people,
    accountImport,
    clients,
    impersonate,
    deletion,
  } = deps
  const history = createHistory(deps)
  return implement(AccountsService, {
    async createAccount({ account }, ctx) {
      const { kind = '', displayName = '', locale = '', attributes = {}, identifiers = [] } = account ?? {}
      return toAccount(
        await accounts.create(actOf(ctx), {
          ...{ projectId: ctx.projectId, live: !ctx.caller.testMode, kind, displayName },
          locale: readLocale(locale),
          attributes: readAttributes(attributes),
          identifiers: identifiers.map(({ type, value }, index) =>
            canonicalIdentifier(type, value, `account.identifiers[${index}].value`),
          ),
          verifyTime: null,
        }),
      )
    },
    async getAccount({ accountId }, ctx) {
      return toAccount(await accounts.get(ctx.projectId, uuidOf('acc', accountId)))
    },
    async listAccounts(request, ctx) {
      const { kind, state, identifier, text } = request
      const ask = { ...pageAsk(request, ctx), live: !ctx.caller.testMode, kind, state, identifier, text }
      const page = await accounts.list(ask)
      return { accounts: page.rows.map(toAccount), nextPageToken: page.nextPageToken }
    },
    async updateAccount({ account, updateMask }, ctx) {
      const which = { ...changeOf(account?.accountId ?? '', ctx), etag: account?.etag ?? '' }
      const apply = readChange(account, updateMask?.paths ?? [])
      return toAccount(await accounts.update(actOf(ctx), which, apply))
    },
    async banAccount({ accountId, reason }, ctx) {
      return toAccount(await accounts.ban(actOf(ctx), changeOf(accountId, ctx), reason))
    },
    async unbanAccount({ accountId }, ctx) {
      return toAccount(await accounts.unban(actOf(ctx), changeOf(accountId, ctx)))
    },
    async deleteAccount({ accountId, grace }, ctx) {
      const graceMs = grace === undefined ? 0 : durationMs(grace)
      if (graceMs > 0)
        return toAccount(await deletion.schedule(actOf(ctx), changeOf(accountId, ctx), graceMs))
      return toAccount(await accounts.delete(actOf(ctx), changeOf(accountId, ctx)))
    },

    async listAccountSessions(request, ctx) {
      const { projectId, account_id: accountId } = {
        ...(await accounts.get(ctx.projectId, uuidOf('acc', request.accountId))),
        projectId: ctx.projectId,
      }
      const scope = { method: ctx.method, projectId, filter: { accountId } }
      const limit = pageLimit(request.pageSize)
      const [beforeId] = pageTokens.read(scope, request.pageToken) ?? []
      const page = { projectId, accountId, beforeId: beforeId as string | undefined, limit: limit + 1 }
      const { rows, nextPageToken } = pageTokens.cut(scope, await listSessions(db, page), limit, (last) => [
        last.session_id,
      ])
      const seen = rows.map((row) => ({ ...toSession(row), impersonationReason: row.impersonation_reason }))
      return { sessions: seen, nextPageToken }
    },
    async listAccountAuditEntries(request, ctx) {
      const accountId = uuidOf('acc', request.accountId)
      const { rows, nextPageToken } = await history.list({ ...pageAsk(request, ctx), accountId })
      return { auditEntries: rows.map(toAuditEntry), nextPageToken }
    },
    async addAccountIdentifier({ accountId, identifier, verified }, ctx) {
      const which = changeOf(accountId, ctx)
      return toAccount(await identifiers.addFor(actOf(ctx), which, readIdentifier(identifier), verified))
    },
    async removeAccountIdentifier({ accountId, identifier }, ctx) {
      const which = changeOf(accountId, ctx)
      return toAccount(await identifiers.removeFor(actOf(ctx), which, readIdentifier(identifier)))
    },
    async listPersonAccounts({ personId }, ctx) {
      const rows = await people.list(ctx.projectId, uuidOf('per', personId), !ctx.caller.testMode)
      return { accounts: rows.map(toAccount) }
    },
    async importAccounts({ format, kind, content, firebaseScrypt, dryRun }, ctx) {
      const ask = { projectId: ctx.projectId, live: !ctx.caller.testMode, kind, format, content, dryRun }
      return toImportReport(await accountImport.run(actOf(ctx), { ...ask, scrypt: firebaseScrypt }))
    },
    async impersonateAccount({ accountId, clientId, reason, ttl, allowChanges }, ctx) {
      ctx.setHeader('cache-control', 'no-store')
      const begun = await impersonate(actOf(ctx), changeOf(accountId, ctx), await clients.getApp(clientId), {
        ...{ reason, allowChanges, place: placeOf(ctx, undefined) },
        ttlMs: ttl === undefined ? DEFAULT_IMPERSONATION_MS : durationMs(ttl),
      })
      return {
        accessToken: begun.accessToken,
        accessTokenExpireTime: timestampFromDate(begun.expireTime),
        sessionId: toTypeId('asn', begun.sessionId),
      }
    },
    async keepAccount({ accountId }, ctx) {
      return toAccount(await deletion.keep(actOf(ctx), changeOf(accountId, ctx)))
    },
    async *exportAccount({ accountId }, ctx) {
      const which = { projectId: ctx.projectId, accountId: uuidOf('acc', accountId) }
      for await (const record of exportAccount({ db, accounts }, which)) yield toExported(record)
    },
    async endAccountSessions(request, ctx) {
      const { projectId, accountId, testMode } = changeOf(request.accountId, ctx)
      const account = await accounts.get(projectId, accountId)
      requireMode(account.live, testMode)
      const sessionId = request.sessionId === '' ? undefined : uuidOf('asn', request.sessionId)
      const ended = await within(db, actOf(ctx), async (tx) => {
        const ids = await sessions.end(tx, { projectId, accountId, sessionId }, 'ended')
        if (ids.length > 0)
          await recordAudit(tx, clock, actOf(ctx), endEntry(projectId, accountId, sessionId))
        return ids
      })
      if (sessionId !== undefined && ended.length === 0) throw sessionNotFound()
      return { endedCount: ended.length }
    },
  })
}

export function sessionNotFound() {
  return appError(
    reasons,
    'identity.session_not_found',
    'The account has no such session, or it has ended already.',
  )
}

/** One entry, whether one session ended or a thousand. */
function endEntry(projectId: string, accountId: string, sessionId: string | undefined): AuditEntry {
  return sessionId === undefined
    ? { projectId, action: 'identity.sessions.end_all', resource: toTypeId('acc', accountId) }
    : { projectId, action: 'identity.sessions.end', resource: toTypeId('asn', sessionId) }
}

function readIdentifier(identifier: Identifier | undefined) {
  const { type = IdentifierType.UNSPECIFIED, value = '' } = identifier ?? {}
  return canonicalIdentifier(type, value, 'identifier.value')
}

function changeOf(accountId: string, ctx: CallContext): AccountChange {
  return { projectId: ctx.projectId, accountId: uuidOf('acc', accountId), testMode: ctx.caller.testMode }
}

function readChange(account: Account | undefined, paths: readonly string[]) {
  const known = new Set(['display_name', 'locale', 'attributes'])
  const unknown = paths.find((path) => !known.has(path))
  if (unknown !== undefined) {
    throw invalid('updateMask', `names ${unknown}: only display_name, locale and attributes change`)
  }
  return (before: AccountRow): AccountRow => ({
    ...before,
    ...(paths.includes('display_name') && { display_name: account?.displayName ?? '' }),
    ...(paths.includes('locale') && { locale: readLocale(account?.locale ?? '') }),
    ...(paths.includes('attributes') && { attributes: readAttributes(account?.attributes ?? {}) }),
  })
}

function readLocale(text: string): string {
  if (text === '') return ''
  try {
    const canonical = Intl.getCanonicalLocales(text)[0]
    if (canonical !== undefined) return canonical
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw invalid('account.locale', 'must be a BCP 47 tag, for example pt-BR')
}

function readAttributes(attributes: Record<string, unknown>): Record<string, unknown> {
  if (Buffer.byteLength(JSON.stringify(attributes)) <= MOST_ATTRIBUTE_BYTES) return attributes
  throw invalid('account.attributes', `must be at most ${MOST_ATTRIBUTE_BYTES} bytes of JSON`)
}

function invalid(field: string, description: string) {
  return appError(reasons, 'identity.request_invalid', 'The request does not fit: see the details.', {
    violations: [{ field, description }],
  })
}
