import {
  appError,
  type Bus,
  type Cache,
  type Clock,
  createCache,
  type Db,
  type DbLog,
  type Tx,
} from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { type Act, within } from '../service/act.ts'
import { recordAudit } from '../service/audit.ts'
import {
  actionsOf,
  CedarError,
  type CedarQuestion,
  type CedarSets,
  createCedarSets,
  loadCedar,
  parsePolicy,
  validatePolicies,
} from './cedar.ts'
import {
  type AccessQuestion,
  allowingRoles,
  compileRules,
  type Decided,
  decide,
  nameOf,
  policiesFor,
  type Rules,
  rolesFor,
} from './decide.ts'
import { type Example, runExamples } from './examples.ts'
import { type PolicyTrace, tracePolicy } from './explain.ts'
import { createShadows } from './shadows.ts'
import {
  type AssignmentRow,
  deleteAssignment,
  deleteRole,
  findSchema,
  insertPolicy,
  listAssignments,
  listCountingPolicies,
  listPermissions,
  listPolicies,
  listRoles,
  type PolicyRow,
  type RoleRow,
  upsertAssignment,
  upsertMode,
  upsertPermissions,
  upsertRole,
  upsertSchema,
} from './store.ts'
import { reasonOf, suggestionsOf } from './words.ts'

export interface Explanation {
  decided: Decided
  reason: string
  allowing: string[]
  wouldAllow: string[]
  policies: PolicyTrace[]
  suggestions: string[]
}

export interface AuthorizationDeps {
  db: Db
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect' | 'isConnected'>
  clock: Clock
  logger: DbLog
}

/** Under the second that is promised, even where the notification of a change is lost. */
const TTL_MS = 800
const MOST_PROJECTS = 2000
const MOST_SUBJECTS = 100_000

export function createAuthorization({ db, bus, clock, logger }: AuthorizationDeps) {
  let sets: CedarSets | undefined
  let caches: Promise<{ rules: Cache<Rules>; subjects: Cache<AssignmentRow[]> }> | undefined
  const shadows = createShadows({ db, clock, logger })

  const readRules = async (projectId: string): Promise<Rules> => {
    const [roles, policies] = await Promise.all([
      listRoles(db, projectId),
      listCountingPolicies(db, projectId),
    ])
    if (policies.length > 0) sets ??= createCedarSets(await loadCedar())
    return compileRules(roles, policies)
  }

  /** At first use: they listen to the bus, which is started after everything is put together. */
  const open = () => {
    caches ??= (async () => {
      const shared = { ttlMs: TTL_MS, db, bus: bus as Bus, clock }
      return {
        rules: await createCache({
          name: 'access.rules',
          maxEntries: MOST_PROJECTS,
          load: readRules,
          ...shared,
        }),
        subjects: await createCache({
          ...{ name: 'access.subjects', maxEntries: MOST_SUBJECTS, ...shared },
          load: (key) => listAssignments(db, key.slice(0, 36), key.slice(37)),
        }),
      }
    })()
    return caches
  }

  const changed = async (tx: Tx, projectId: string, subject?: string): Promise<void> => {
    const { rules, subjects } = await open()
    if (subject === undefined) await rules.invalidate(projectId, tx)
    else await subjects.invalidate(`${projectId}/${subject}`, tx)
  }

  const known = async (projectId: string, question: AccessQuestion) => {
    const { rules, subjects } = await open()
    const [compiled, assignments] = await Promise.all([
      rules.get(projectId),
      subjects.get(`${projectId}/${question.subject}`),
    ])
    return {
      rules: compiled ?? compileRules([], []),
      roles: rolesFor(assignments ?? [], question, clock.nowMs()),
    }
  }

  return {
    /** Decides. From memory, where rules and the subject's roles are known, in microseconds. */
    async check(projectId: string, question: AccessQuestion): Promise<Decided> {
      const { rules, roles } = await known(projectId, question)
      const decided = decide(projectId, rules, rules.active, question, roles, sets)
      if (rules.shadow !== undefined) {
        const { shadow } = rules
        const other = decide(projectId, rules, shadow, question, roles, sets)
        if (other.allowed !== decided.allowed) shadows.note(projectId, question, rules, decided.allowed)
      }
      return decided
    },

    async explain(projectId: string, question: AccessQuestion): Promise<Explanation> {
      const { rules, roles } = await known(projectId, question)
      const decided = decide(projectId, rules, rules.active, question, roles, sets)
      const policies = policiesFor(rules.active, question.action)
      const cedarQuestion: CedarQuestion = { ...question, roles }
      const cedar = policies.length === 0 ? undefined : await loadCedar()
      const traces = cedar === undefined ? [] : policies.map((one) => tracePolicy(cedar, one, cedarQuestion))
      const allowing = allowingRoles(rules, roles, question.action)
      const wouldAllow = allowingRoles(rules, rules.roles.keys(), question.action)
      return {
        ...{ decided, allowing, wouldAllow, policies: traces },
        reason: reasonOf(decided, allowing, traces, question),
        suggestions: decided.allowed ? [] : suggestionsOf(traces, wouldAllow, roles),
      }
    },

    async registerPermissions(
      act: Act,
      projectId: string,
      permissions: readonly { permission: string; description: string }[],
    ): Promise<void> {
      await within(db, act, async (tx) => {
        await upsertPermissions(tx, projectId, permissions)
        await recordAudit(tx, clock, act, { projectId, action: 'access.permissions.register', resource: '' })
      })
    },
    permissions: (projectId: string) => listPermissions(db, projectId),

    async updateRole(
      act: Act,
      projectId: string,
      role: Pick<RoleRow, 'role' | 'display_name' | 'permissions'>,
    ): Promise<RoleRow> {
      return await within(db, act, async (tx) => {
        const registered = new Set((await listPermissions(tx, projectId)).map(({ permission }) => permission))
        const unknown = role.permissions.findIndex((one) => !one.endsWith('*') && !registered.has(one))
        if (unknown >= 0) throw permissionUnknown(role.permissions[unknown] ?? '', unknown)
        const row = await upsertRole(tx, projectId, role, clock.now())
        await recordAudit(tx, clock, act, { projectId, action: 'access.roles.update', resource: role.role })
        await changed(tx, projectId)
        return row
      })
    },
    roles: (projectId: string) => listRoles(db, projectId),
    async deleteRole(act: Act, projectId: string, role: string): Promise<void> {
      await within(db, act, async (tx) => {
        if (!(await deleteRole(tx, projectId, role))) throw roleNotFound()
        await recordAudit(tx, clock, act, { projectId, action: 'access.roles.delete', resource: role })
        await changed(tx, projectId)
      })
    },

    async assign(act: Act, projectId: string, row: AssignmentRow): Promise<AssignmentRow> {
      return await within(db, act, async (tx) => {
        const stored = await upsertAssignment(tx, projectId, row)
        if (stored === undefined) throw roleNotFound()
        await recordAudit(tx, clock, act, {
          projectId,
          action: 'access.role_assignments.create',
          resource: row.subject,
        })
        await changed(tx, projectId, row.subject)
        return stored
      })
    },
    async unassign(
      act: Act,
      projectId: string,
      which: Pick<AssignmentRow, 'subject' | 'role' | 'resource'>,
    ): Promise<void> {
      await within(db, act, async (tx) => {
        if (!(await deleteAssignment(tx, projectId, which))) return
        await recordAudit(tx, clock, act, {
          projectId,
          action: 'access.role_assignments.delete',
          resource: which.subject,
        })
        await changed(tx, projectId, which.subject)
      })
    },
    assignments: (projectId: string, subject: string) => listAssignments(db, projectId, subject),

    async createPolicy(
      act: Act,
      projectId: string,
      { policy, text, examples }: { policy: string; text: string; examples: readonly Example[] },
    ): Promise<PolicyRow> {
      const cedar = await loadCedar()
      return await within(db, act, async (tx) => {
        const actions = await refusingInvalid(async () => {
          validatePolicies(cedar, await findSchema(tx, projectId), [{ name: policy, text }])
          return actionsOf(parsePolicy(cedar, text))
        })
        await insertPolicy(tx, projectId, {
          ...{ policy, text, actions: actions ?? null, actor: act.actor, create_time: clock.now() },
          examples: JSON.stringify(examples),
        })
        await recordAudit(tx, clock, act, { projectId, action: 'access.policies.create', resource: policy })
        const [newest] = await listPolicies(tx, projectId, policy)
        if (newest === undefined) throw new TypeError('A policy that was just stored is there')
        return newest
      })
    },
    async activate(
      act: Act,
      projectId: string,
      { policy, active, shadow }: { policy: string; active: number; shadow: number },
    ): Promise<PolicyRow> {
      return await within(db, act, async (tx) => {
        const versions = await listPolicies(tx, projectId, policy)
        const find = (version: number) => versions.find((row) => row.version === version)
        const [newest] = versions
        if (
          newest === undefined ||
          [active, shadow].some((version) => version !== 0 && find(version) === undefined)
        ) {
          throw policyNotFound()
        }
        const wanted = find(active)
        if (wanted !== undefined) await runExamples(tx, projectId, wanted)
        await upsertMode(tx, projectId, { policy, active, shadow }, clock.now())
        await recordAudit(tx, clock, act, {
          projectId,
          action: 'access.policies.activate',
          resource: nameOf({ policy, version: active }),
        })
        await changed(tx, projectId)
        return { ...(wanted ?? newest), active_version: active, shadow_version: shadow }
      })
    },
    policies: (projectId: string, policy: string | undefined) => listPolicies(db, projectId, policy),
    schema: (projectId: string) => findSchema(db, projectId),
    async updateSchema(act: Act, projectId: string, text: string): Promise<void> {
      const cedar = await loadCedar()
      await within(db, act, async (tx) => {
        const counting = await listCountingPolicies(tx, projectId)
        const named = counting.map((row) => ({ name: nameOf(row), text: row.text }))
        await refusingInvalid(async () => validatePolicies(cedar, text, named))
        await upsertSchema(tx, projectId, text, clock.now())
        await recordAudit(tx, clock, act, { projectId, action: 'access.policy_schemas.update', resource: '' })
      })
    },

    flush: shadows.flush,
    async close(): Promise<void> {
      await shadows.flush()
      const opened = await caches
      opened?.rules.close()
      opened?.subjects.close()
    },
    sweep: shadows.sweep,
  }
}

export type Authorization = ReturnType<typeof createAuthorization>

async function refusingInvalid<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof CedarError)) throw error
    throw appError(
      reasons,
      'access.policy_invalid',
      `This is no policy that can be decided by: ${error.message}`,
    )
  }
}

function permissionUnknown(permission: string, index: number) {
  return appError(
    reasons,
    'access.permission_unknown',
    `The project has no permission ${permission}. Name it with RegisterPermissions first.`,
    { violations: [{ field: `role.permissions[${index}]`, description: 'is not registered' }] },
  )
}

function roleNotFound() {
  return appError(
    reasons,
    'access.role_not_found',
    'The project has no such role. ListRoles says which there are.',
  )
}

function policyNotFound() {
  return appError(
    reasons,
    'access.policy_not_found',
    'The project has no such policy, or it has no such version. ListPolicies says which there are.',
  )
}
