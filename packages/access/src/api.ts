import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type Db, fromTypeId, type PageTokens, toTypeId } from '@mainstay/kernel'
import { Access, Mode } from '@mainstay/proto/access/v1'
import { type CallContext, type Implementation, implement } from '@mainstay/rpc'
import { requireSameOrigin } from './authenticate.ts'
import type { AccessSettings } from './config.ts'
import { clearedSessionCookies, readSessionToken, sessionCookie } from './cookies.ts'
import type { Act } from './service/act.ts'
import { type ApiKeys, prefixOf } from './service/api-keys.ts'
import { listAudit } from './service/audit.ts'
import type { Projects } from './service/projects.ts'
import type { Sessions } from './service/sessions.ts'
import type { ApiKeyRow } from './store/api-keys.ts'
import type { ProjectRow } from './store/projects.ts'
import type { OperatorRow } from './store/sessions.ts'

export interface ApiDeps {
  db: Db
  settings: AccessSettings
  pageTokens: PageTokens
  projects: Projects
  apiKeys: ApiKeys
  sessions: Sessions
}

/** The handlers of the service Access. */
export function implementAccess(deps: ApiDeps): Implementation {
  const { db, settings, pageTokens, projects, apiKeys, sessions } = deps
  return implement(Access, {
    async createProject({ project }, ctx) {
      const { slug = '', displayName = '' } = project ?? {}
      return toProject(await projects.create(actOf(ctx), { slug, displayName }))
    },
    async getProject({ projectId }) {
      return toProject(await projects.get(uuidOf('prj', projectId)))
    },
    async listProjects(request, ctx) {
      const page = await projects.list({ ...pageAsk(request, ctx), projectId: '' })
      return { projects: page.rows.map(toProject), nextPageToken: page.nextPageToken }
    },

    async createApiKey({ apiKey }, ctx) {
      const wanted = {
        projectId: ctx.projectId,
        displayName: apiKey?.displayName ?? '',
        live: apiKey?.mode === Mode.LIVE,
        scopes: apiKey?.scopes ?? [],
        expireTime: apiKey?.expireTime && timestampDate(apiKey.expireTime),
      }
      const { row, secret } = await apiKeys.create(actOf(ctx), wanted, ctx.caller)
      return { apiKey: toApiKey(row), secret }
    },
    async listApiKeys(request, ctx) {
      const page = await apiKeys.list({ ...pageAsk(request, ctx), showInactive: request.showInactive })
      return { apiKeys: page.rows.map(toApiKey), nextPageToken: page.nextPageToken }
    },
    async revokeApiKey({ apiKeyId }, ctx) {
      return toApiKey(await apiKeys.revoke(actOf(ctx), ctx.projectId, uuidOf('key', apiKeyId), ctx.caller))
    },

    async createSession({ token }, ctx) {
      // A public method has no credential to protect, but another site must not sign a browser in as somebody else.
      requireSameOrigin(ctx, settings, true)
      const session = await sessions.exchange(ctx.requestId, token, cookieOf(ctx))
      const secure = (settings.publicUrl ?? ctx.header('origin') ?? '').startsWith('https:')
      ctx.setHeader('set-cookie', sessionCookie(session.token, { secure, expireTime: session.expireTime }))
      ctx.setHeader('cache-control', 'no-store')
      return {
        sessionId: toTypeId('ses', session.sessionId),
        operator: toOperator(session.operator),
        expireTime: timestampFromDate(session.expireTime),
      }
    },
    async deleteSession(_request, ctx) {
      const token = cookieOf(ctx)
      if (token !== undefined) await sessions.end(actOf(ctx), token)
      for (const cookie of clearedSessionCookies()) ctx.setHeader('set-cookie', cookie)
      return {}
    },
    async getCaller(_request, ctx) {
      const { kind, id } = ctx.caller
      const project = ctx.projectId === '' ? undefined : toProject(await projects.get(ctx.projectId))
      if (kind === 'api_key') {
        const value = toApiKey(await apiKeys.get(ctx.projectId, uuidOf('key', id)))
        return { caller: { case: 'apiKey' as const, value }, project }
      }
      const value = toOperator(await sessions.getOperator(uuidOf('opr', id)))
      return { caller: { case: 'operator' as const, value }, project }
    },

    async listAuditEntries(request, ctx) {
      const withInstallation = ctx.caller.kind === 'operator'
      const page = await listAudit(db, pageTokens, { ...pageAsk(request, ctx), withInstallation })
      return {
        auditEntries: page.rows.map((row) => ({
          auditEntryId: toTypeId('aud', row.audit_entry_id),
          createTime: timestampFromDate(row.create_time),
          actor: row.actor,
          action: row.action,
          resource: row.resource,
          requestId: row.request_id,
        })),
        nextPageToken: page.nextPageToken,
      }
    },
  })

  function cookieOf(ctx: CallContext): string | undefined {
    return readSessionToken(ctx.header('cookie'), settings.publicUrl?.startsWith('https:') ?? false)
  }
}

function actOf(ctx: CallContext): Act {
  return { actor: ctx.caller.id, requestId: ctx.requestId, tx: ctx.tx }
}

function pageAsk(request: { pageSize: number; pageToken: string }, ctx: CallContext) {
  const { pageSize, pageToken } = request
  return { method: ctx.method, projectId: ctx.projectId, pageSize, pageToken }
}

/** Validation let only well-formed ids through; one above 2^128 is well formed and nobody's. */
function uuidOf(prefix: string, text: string): string {
  return fromTypeId(prefix, text) ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff'
}

function toProject(row: ProjectRow) {
  return {
    projectId: toTypeId('prj', row.project_id),
    slug: row.slug,
    displayName: row.display_name,
    createTime: timestampFromDate(row.create_time),
  }
}

function toApiKey(row: ApiKeyRow) {
  return {
    apiKeyId: toTypeId('key', row.api_key_id),
    displayName: row.display_name,
    mode: row.live ? Mode.LIVE : Mode.TEST,
    scopes: row.scopes,
    keyPrefix: prefixOf(row),
    createTime: timestampFromDate(row.create_time),
    expireTime: timestampOf(row.expire_time),
    lastUseTime: timestampOf(row.last_use_time),
    revokeTime: timestampOf(row.revoke_time),
  }
}

function timestampOf(date: Date | null) {
  return date === null ? undefined : timestampFromDate(date)
}

function toOperator(row: OperatorRow) {
  return { operatorId: toTypeId('opr', row.operator_id), displayName: row.display_name }
}
