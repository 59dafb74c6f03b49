import { permissionsAllow } from '../grants.ts'
import type { CedarQuestion, CedarSets, NamedPolicy } from './cedar.ts'
import type { AssignmentRow, PolicyRow, RoleRow } from './store.ts'

/** May this subject do this to that? */
export type AccessQuestion = Omit<CedarQuestion, 'roles'>

/** The rules of a project, ready to decide by. */
export interface Rules {
  /** Compiled: what each role allows. */
  roles: ReadonlyMap<string, ReadonlySet<string>>
  /** The policies that decide, for each action that one of them names, and for all others. */
  active: PolicyIndex
  /** The same with the watched versions in place of those that decide; undefined when none is watched. */
  shadow: PolicyIndex | undefined
  /** `refunds@3`, of the watched ones. */
  watched: readonly string[]
}

export interface PolicyIndex {
  byAction: ReadonlyMap<string, readonly NamedPolicy[]>
  others: readonly NamedPolicy[]
}

export interface Decided {
  allowed: boolean
  by: 'role' | 'policy' | 'nothing'
}

const NONE: readonly NamedPolicy[] = []

/** Compiles roles to sets, and policies to a list for each action, so that a decision looks at the few that may matter. */
export function compileRules(roles: readonly RoleRow[], policies: readonly PolicyRow[]): Rules {
  const active = policies.filter(({ version, active_version }) => version === active_version)
  const watched = policies.filter(({ version, shadow_version }) => version === shadow_version)
  const replaced = new Set(watched.map(({ policy }) => policy))
  return {
    roles: new Map(roles.map(({ role, permissions }) => [role, new Set(permissions)])),
    active: indexPolicies(active),
    shadow:
      watched.length === 0
        ? undefined
        : indexPolicies([...active.filter(({ policy }) => !replaced.has(policy)), ...watched]),
    watched: watched.map(nameOf),
  }
}

export function indexPolicies(policies: readonly PolicyRow[]): PolicyIndex {
  const named = (rows: readonly PolicyRow[]) => rows.map((row) => ({ name: nameOf(row), text: row.text }))
  const actions = new Set(policies.flatMap(({ actions: some }) => some ?? []))
  const aboutAny = policies.filter(({ actions: some }) => some === null)
  return {
    byAction: new Map(
      [...actions].map((action) => [
        action,
        named(policies.filter(({ actions: some }) => some === null || some.includes(action))),
      ]),
    ),
    others: aboutAny.length === 0 ? NONE : named(aboutAny),
  }
}

export function nameOf({ policy, version }: Pick<PolicyRow, 'policy' | 'version'>): string {
  return `${policy}@${version}`
}

export function policiesFor(index: PolicyIndex, action: string): readonly NamedPolicy[] {
  return index.byAction.get(action) ?? index.others
}

/** The roles that hold for a resource at a time: those given everywhere, and those given on it. */
export function rolesFor(
  assignments: readonly AssignmentRow[],
  { resourceType, resourceId }: AccessQuestion,
  nowMs: number,
): string[] {
  const roles: string[] = []
  for (const { role, resource, expire_time } of assignments) {
    if (resource !== '' && resource !== `${resourceType}/${resourceId}`) continue
    if (expire_time !== null && expire_time.getTime() <= nowMs) continue
    if (!roles.includes(role)) roles.push(role)
  }
  return roles
}

export function allowingRoles(
  rules: Pick<Rules, 'roles'>,
  roles: Iterable<string>,
  action: string,
): string[] {
  const allowing: string[] = []
  for (const role of roles) {
    const permissions = rules.roles.get(role)
    if (permissions !== undefined && permissionsAllow(permissions, action)) allowing.push(role)
  }
  return allowing
}

/**
 * A policy that forbids outweighs everything; else a role or a policy that permits is enough; else it is denied. A policy that
 * cannot be evaluated counts for nothing when it permits, and denies when it forbids: nobody gets in because something is missing.
 */
export function decide(
  projectId: string,
  { roles: allRoles }: Pick<Rules, 'roles'>,
  index: PolicyIndex,
  question: AccessQuestion,
  roles: readonly string[],
  sets: CedarSets | undefined,
): Decided {
  const byRole = allowingRoles({ roles: allRoles }, roles, question.action).length > 0
  const policies = policiesFor(index, question.action)
  if (policies.length === 0 || sets === undefined) return { allowed: byRole, by: byRole ? 'role' : 'nothing' }
  const answer = sets.decide(projectId, policies, { ...question, roles })
  if (answer.allowed && answer.errors.length === 0) return { allowed: true, by: 'policy' }
  const broken = new Set(answer.errors.map(({ policy }) => policy))
  const forbids = policies.some(({ name, text }) => broken.has(name) && FORBIDS.test(text))
  if (forbids) return { allowed: false, by: 'policy' }
  if (answer.allowed) return { allowed: true, by: 'policy' }
  // Denied by Cedar: a policy that decided it forbade it, and none means that nothing permitted it.
  if (answer.deciding.length > 0) return { allowed: false, by: 'policy' }
  return { allowed: byRole, by: byRole ? 'role' : 'nothing' }
}

/** What stands before it may be annotations and comments. */
const FORBIDS = /^\s*(?:(?:@\w+(?:\("[^"]*"\))?|\/\/[^\n]*)\s*)*forbid\b/
