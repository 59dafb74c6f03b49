import {
  appError,
  type Bus,
  type Cache,
  type Clock,
  createCache,
  type Db,
  type DbLog,
  minIdAt,
  newId,
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
  decideOnce,
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
import { type PolicyTrace, tracePolicy } from './explain.ts'
import {
  type AssignmentRow,
  deleteAssignment,
  deleteRole,
  deleteShadowResults,
  findSchema,
  insertPolicy,
  insertShadowResults,
  listAssignments,
  listCountingPolicies,
  listPermissions,
  listPolicies,
  listRoles,
  type PolicyRow,
  type RoleRow,
  type ShadowRow,
  upsertAssignment,
  upsertMode,
  upsertPermissions,
  upsertRole,
  upsertSchema,
} from './store.ts'

/** A question with the answer that it must get. */
export interface Example {
  displayName: string
  question: AccessQuestion
  roles: readonly string[]
  allowed: boolean
}

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
const FLUSH_AFTER_MS = 1000
const MOST_SHADOWED = 5000
const KEEP_SHADOWED_MS = 30 * 86_400_000

export function createAuthorization({ db, bus, clock, logger }: AuthorizationDeps) {
  let sets: CedarSets | undefined
  let caches: Promise<{ rules: Cache<Rules>; subjects: Cache<AssignmentRow[]> }> | undefined
  let shadowed: ShadowRow[] = []
  let timer: NodeJS.Timeout | undefined

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

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const rows = shadowed
    shadowed = []
    if (rows.length === 0) return
    try {
      await insertShadowResults(db, rows)
    } catch (error) {
      logger.warn(
        { err: error, results: rows.length },
        'what watched policies would have decided could not be kept',
      )
    }
  }

  const noteShadow = (projectId: string, question: AccessQuestion, rules: Rules, allowed: boolean): void => {
    if (shadowed.length >= MOST_SHADOWED) return
    shadowed.push({
      ...{
        project_id: projectId,
        result_id: newId(clock),
        subject: question.subject,
        action: question.action,
      },
      ...{ resource: `${question.resourceType}/${question.resourceId}`, allowed, shadow_allowed: !allowed },
      policies: [...rules.watched],
    })
    timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS).unref()
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

  /** Throws `access.policy_example_failed` when a version that is to decide does not keep to its examples. */
  const runExamples = async (tx: Tx, projectId: string, row: PolicyRow): Promise<void> => {
    const examples = row.examples as Example[]
    if (examples.length === 0) return
    const cedar = await loadCedar()
    const others = (await listCountingPolicies(tx, projectId)).filter(
      ({ policy, version, active_version }) => policy !== row.policy && version === active_version,
    )
    const rules = compileRules(await listRoles(tx, projectId), [
      ...others,
      { ...row, active_version: row.version, shadow_version: 0 },
    ])
    const once: CedarSets = {
      decide: (_project, policies, question) => decideOnce(cedar, policies, question),
    }
    for (const { displayName, question, roles, allowed } of examples) {
      const decided = decide(projectId, rules, rules.active, question, roles, once)
      if (decided.allowed !== allowed) {
        throw appError(
          reasons,
          'access.policy_example_failed',
          `The example "${displayName}" is ${decided.allowed ? 'allowed' : 'denied'} by version ${row.version}, and must be ${allowed ? 'allowed' : 'denied'}. Nothing was changed.`,
        )
      }
    }
  }

  return {
    /** Decides. From memory, where rules and the subject's roles are known, in microseconds. */
    async check(projectId: string, question: AccessQuestion): Promise<Decided> {
      const { rules, roles } = await known(projectId, question)
      const decided = decideSafely(() => decide(projectId, rules, rules.active, question, roles, sets))
      if (rules.shadow !== undefined) {
        const { shadow } = rules
        const other = decideSafely(() => decide(projectId, rules, shadow, question, roles, sets))
        if (other.allowed !== decided.allowed) noteShadow(projectId, question, rules, decided.allowed)
      }
      return decided
    },

    async explain(projectId: string, question: AccessQuestion): Promise<Explanation> {
      const { rules, roles } = await known(projectId, question)
      const decided = decideSafely(() => decide(projectId, rules, rules.active, question, roles, sets))
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

    flush,
    async close(): Promise<void> {
      await flush()
      const opened = await caches
      opened?.rules.close()
      opened?.subjects.close()
    },
    sweep: () => deleteShadowResults(db, minIdAt(clock.nowMs() - KEEP_SHADOWED_MS)),
  }
}

export type Authorization = ReturnType<typeof createAuthorization>

/** Attributes that Cedar cannot take are the caller's to mend. */
function decideSafely(run: () => Decided): Decided {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof CedarError)) throw error
    throw appError(
      reasons,
      'access.attributes_invalid',
      `The attributes cannot be decided by: ${error.message}`,
    )
  }
}

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

function reasonOf(
  { allowed, by }: Decided,
  allowing: readonly string[],
  traces: readonly PolicyTrace[],
  { action }: AccessQuestion,
): string {
  const deciding = traces.filter(({ holds, effect }) => holds && effect === (allowed ? 'permit' : 'forbid'))
  const names = deciding.map(({ name }) => name).join(', ')
  if (allowed)
    return by === 'role'
      ? `The role ${allowing.join(', ')} allows ${action}.`
      : `The policy ${names} permits it.`
  if (names !== '') return `The policy ${names} forbids it.`
  const broken = traces.find(({ error, effect }) => error !== '' && effect === 'forbid')
  if (by === 'policy' && broken !== undefined)
    return `The policy ${broken.name} forbids things, and could not be evaluated.`
  return `No role of the subject allows ${action} here, and no policy permits it.`
}

/** Each is a change that would allow it by itself. */
function suggestionsOf(
  traces: readonly PolicyTrace[],
  wouldAllow: readonly string[],
  roles: readonly string[],
): string[] {
  const forbidding = traces.filter(({ holds, effect }) => holds && effect === 'forbid')
  if (forbidding.length > 0) {
    return forbidding.map(
      ({ name, conditions }) =>
        `${name} must not hold: ${conditions.flatMap(({ attributes }) => attributes).join(', ') || 'it forbids it always'}.`,
    )
  }
  const byRole = wouldAllow
    .filter((role) => !roles.includes(role))
    .map((role) => `Give the subject the role ${role}.`)
  const byPolicy = traces
    .filter(({ effect }) => effect === 'permit')
    .map(({ name, conditions, error }) => {
      const failing = conditions.filter(({ holds }) => !holds)
      const told = failing.map(({ text, attributes }) => `${text} (${attributes.join(', ')})`)
      return `${name} would permit it: ${told.join('; ') || error}.`
    })
  return [...byRole, ...byPolicy]
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
