import type { JsonObject } from '@bufbuild/protobuf'
import { timestampDate, timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  appError,
  type Clock,
  type Db,
  idTimeMs,
  type PageTokens,
  pageLimit,
  toTypeId,
} from '@mainstay/kernel'
import { Authorization as AuthorizationService, type Question } from '@mainstay/proto/access/v1/authorization'
import { type CallContext, type Implementation, implement } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { Act } from '../service/act.ts'
import type { AccessQuestion } from './decide.ts'
import type { Example } from './examples.ts'
import type { Authorization } from './service.ts'
import { type AssignmentRow, listShadowResults, type PolicyRow, type RoleRow } from './store.ts'

export interface AuthorizationApiDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  authorization: Authorization
}

/** The handlers of the service Authorization. */
export function implementAuthorization({
  db,
  clock,
  pageTokens,
  authorization,
}: AuthorizationApiDeps): Implementation {
  return implement(AuthorizationService, {
    async registerPermissions({ permissions }, ctx) {
      await authorization.registerPermissions(changeBy(ctx), ctx.projectId, permissions)
      return {}
    },
    async listPermissions(_request, ctx) {
      return { permissions: await authorization.permissions(ctx.projectId) }
    },
    async updateRole({ role }, ctx) {
      const { role: name = '', displayName = '', permissions = [] } = role ?? {}
      const wanted = { role: name, display_name: displayName || name, permissions }
      return toRole(await authorization.updateRole(changeBy(ctx), ctx.projectId, wanted))
    },
    async listRoles(_request, ctx) {
      return { roles: (await authorization.roles(ctx.projectId)).map(toRole) }
    },
    async deleteRole({ role }, ctx) {
      await authorization.deleteRole(changeBy(ctx), ctx.projectId, role)
      return {}
    },
    async assignRole({ roleAssignment }, ctx) {
      const { subject = '', role = '', resource = '', expireTime } = roleAssignment ?? {}
      const expires = expireTime === undefined ? null : timestampDate(expireTime)
      if (expires !== null && expires <= clock.now()) {
        throw appError(reasons, 'access.expire_time_past', 'expireTime has passed already.')
      }
      const row = { subject, role, resource, create_time: clock.now(), expire_time: expires }
      return toAssignment(await authorization.assign(changeBy(ctx), ctx.projectId, row))
    },
    async unassignRole({ roleAssignment }, ctx) {
      const { subject = '', role = '', resource = '' } = roleAssignment ?? {}
      await authorization.unassign(changeBy(ctx), ctx.projectId, { subject, role, resource })
      return {}
    },
    async listRoleAssignments({ subject }, ctx) {
      return { roleAssignments: (await authorization.assignments(ctx.projectId, subject)).map(toAssignment) }
    },

    async createPolicyVersion({ policy }, ctx) {
      const examples = (policy?.examples ?? []).map(
        (example): Example => ({
          displayName: example.displayName,
          question: readQuestion(example.question),
          roles: example.roles,
          allowed: example.allowed,
        }),
      )
      const wanted = { policy: policy?.policy ?? '', text: policy?.text ?? '', examples }
      return toPolicy(await authorization.createPolicy(changeBy(ctx), ctx.projectId, wanted))
    },
    async activatePolicy({ policy, activeVersion, shadowVersion }, ctx) {
      const mode = { policy, active: activeVersion, shadow: shadowVersion }
      return toPolicy(await authorization.activate(changeBy(ctx), ctx.projectId, mode))
    },
    async listPolicies({ policy }, ctx) {
      const [rows, text] = await Promise.all([
        authorization.policies(ctx.projectId, policy || undefined),
        authorization.schema(ctx.projectId),
      ])
      return { policies: rows.map(toPolicy), policySchema: { text } }
    },
    async updatePolicySchema({ policySchema }, ctx) {
      await authorization.updateSchema(changeBy(ctx), ctx.projectId, policySchema?.text ?? '')
      return { text: policySchema?.text ?? '' }
    },

    async check({ question }, ctx) {
      const { allowed } = await authorization.check(ctx.projectId, readQuestion(question))
      return { allowed }
    },
    async batchCheck({ questions }, ctx) {
      const asked = questions.map((question) => authorization.check(ctx.projectId, readQuestion(question)))
      return { answers: (await Promise.all(asked)).map(({ allowed }) => ({ allowed })) }
    },
    async explain({ question }, ctx) {
      const told = await authorization.explain(ctx.projectId, readQuestion(question))
      return {
        ...{ allowed: told.decided.allowed, reason: told.reason, suggestions: told.suggestions },
        ...{ allowingRoles: told.allowing, rolesThatWouldAllow: told.wouldAllow },
        policies: told.policies.map(({ name, ...trace }) => {
          const [policy = '', version = '0'] = name.split('@')
          return { ...trace, policy, version: Number(version) }
        }),
      }
    },
    async listShadowResults(request, ctx) {
      const scope = { method: ctx.method, projectId: ctx.projectId }
      const limit = pageLimit(request.pageSize)
      const [beforeId] = pageTokens.read(scope, request.pageToken) ?? []
      await authorization.flush()
      const page = { projectId: ctx.projectId, beforeId: beforeId as string | undefined, limit: limit + 1 }
      const cut = pageTokens.cut(scope, await listShadowResults(db, page), limit, (last) => [last.result_id])
      return {
        shadowResults: cut.rows.map((row) => ({
          shadowResultId: toTypeId('shr', row.result_id),
          createTime: timestampFromMs(idTimeMs(row.result_id)),
          ...{ subject: row.subject, action: row.action, resource: row.resource, allowed: row.allowed },
          ...{ shadowAllowed: row.shadow_allowed, policies: row.policies },
        })),
        nextPageToken: cut.nextPageToken,
      }
    },
  })
}

/** Who changes rules. They hold for test and live alike, so a test key changes none. */
function changeBy(ctx: CallContext): Act {
  if (ctx.caller.kind === 'api_key' && ctx.caller.testMode) {
    throw appError(
      reasons,
      'access.mode_not_allowed',
      'Roles and policies hold for live callers as well, and a test key changes nothing live. Use a live key.',
    )
  }
  return { actor: ctx.caller.id, requestId: ctx.requestId, tx: ctx.tx }
}

function readQuestion(question: Question | undefined): AccessQuestion {
  const { subject = '', action = '', resourceType = '', resourceId = '' } = question ?? {}
  return {
    ...{ subject, action, resourceType, resourceId },
    subjectAttributes: question?.subjectAttributes ?? {},
    resourceAttributes: question?.resourceAttributes ?? {},
    context: question?.context ?? {},
  }
}

function toRole(row: RoleRow) {
  return {
    ...{ role: row.role, displayName: row.display_name, permissions: row.permissions, version: row.version },
    updateTime: timestampFromDate(row.update_time),
  }
}

function toAssignment(row: AssignmentRow) {
  return {
    ...{ subject: row.subject, role: row.role, resource: row.resource },
    createTime: timestampFromDate(row.create_time),
    expireTime: row.expire_time === null ? undefined : timestampFromDate(row.expire_time),
  }
}

function toPolicy(row: PolicyRow) {
  return {
    ...{ policy: row.policy, version: row.version, text: row.text, actor: row.actor },
    ...{ activeVersion: row.active_version, shadowVersion: row.shadow_version },
    createTime: timestampFromDate(row.create_time),
    examples: (row.examples as Example[]).map(({ question, ...example }) => ({
      ...{ displayName: example.displayName, roles: [...example.roles], allowed: example.allowed },
      question: {
        ...question,
        subjectAttributes: question.subjectAttributes as JsonObject,
        resourceAttributes: question.resourceAttributes as JsonObject,
        context: question.context as JsonObject,
      },
    })),
  }
}
