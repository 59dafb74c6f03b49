import type { CedarValueJson, EntityJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs')

/** A policy with the name that decisions tell it by. */
export interface NamedPolicy {
  /** `refunds@3`. */
  name: string
  text: string
}

/** A question in Cedar's terms. */
export interface CedarQuestion {
  subject: string
  /** Names of the roles that the subject has here. */
  roles: readonly string[]
  action: string
  resourceType: string
  resourceId: string
  subjectAttributes: Record<string, unknown>
  resourceAttributes: Record<string, unknown>
  context: Record<string, unknown>
}

export interface CedarAnswer {
  /** Policies that permit, or forbid: those that decided. */
  deciding: readonly string[]
  allowed: boolean
  /** Policies that could not be evaluated; they count for nothing. */
  errors: readonly { policy: string; message: string }[]
}

/** What is wrong with a policy or a schema, for people. */
export class CedarError extends Error {}

let loading: Promise<Cedar> | undefined

/** 4 MB of WebAssembly, loaded when a project has its first policy. */
export function loadCedar(): Promise<Cedar> {
  loading ??= import('@cedar-policy/cedar-wasm/nodejs')
  return loading
}

/** What one policy says, in Cedar's JSON. Throws CedarError when it is not exactly one policy. */
export function parsePolicy(cedar: Cedar, text: string): PolicyJson {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw new CedarError(messageOf(parts.errors))
  if (parts.policies.length !== 1 || parts.policy_templates.length > 0) {
    throw new CedarError('must be exactly one policy, and no template')
  }
  const parsed = cedar.policyToJson(text)
  if (parsed.type === 'failure') throw new CedarError(messageOf(parsed.errors))
  return parsed.json
}

/** The actions that a policy is about; undefined: any. */
export function actionsOf({ action }: PolicyJson): string[] | undefined {
  if (action.op === 'All') return
  const entities = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  return entities.map((entity) => ('__entity' in entity ? entity.__entity.id : entity.id))
}

/** Throws CedarError when the schema is none, or a policy does not keep to it. An empty schema is kept to by all. */
export function validatePolicies(cedar: Cedar, schema: string, policies: readonly NamedPolicy[]): void {
  if (schema === '') return
  const answer = cedar.validate({ schema, policies: toPolicySet(policies) })
  if (answer.type === 'failure') throw new CedarError(messageOf(answer.errors))
  const [first] = answer.validationErrors
  if (first !== undefined) throw new CedarError(`${first.policyId}: ${first.error.message}`)
}

/** Most policy sets that are kept parsed; Cedar frees none, but one of a name that is used again takes the old one's place. */
const MOST_SETS = 500

/**
 * Decides by sets of policies that are parsed once: parsing costs a hundred times what deciding does (bench/access prints both).
 * A set is known by its policies' names, whose texts never change.
 */
export function createCedarSets(cedar: Cedar) {
  const slots = new Map<string, string>()
  let made = 0

  const slotOf = (projectId: string, policies: readonly NamedPolicy[]): string => {
    const key = `${projectId}/${policies.map(({ name }) => name).join()}`
    const known = slots.get(key)
    if (known !== undefined) return known
    let slot = `set-${made++}`
    if (slots.size >= MOST_SETS) {
      const [oldest] = slots
      if (oldest !== undefined) {
        slots.delete(oldest[0])
        slot = oldest[1]
      }
    }
    const answer = cedar.preparsePolicySet(slot, toPolicySet(policies))
    if (answer.type === 'failure') throw new CedarError(messageOf(answer.errors))
    slots.set(key, slot)
    return slot
  }

  return {
    decide(projectId: string, policies: readonly NamedPolicy[], question: CedarQuestion): CedarAnswer {
      const answer = cedar.statefulIsAuthorized({
        ...toRequest(question),
        preparsedPolicySetId: slotOf(projectId, policies),
      })
      return toAnswer(answer)
    },
  }
}

export type CedarSets = ReturnType<typeof createCedarSets>

/** Decides by policies that are parsed for it. For explanations and examples. */
export function decideOnce(
  cedar: Cedar,
  policies: readonly NamedPolicy[],
  question: CedarQuestion,
): CedarAnswer {
  return toAnswer(cedar.isAuthorized({ ...toRequest(question), policies: toPolicySet(policies) }))
}

function toAnswer(answer: ReturnType<Cedar['isAuthorized']>): CedarAnswer {
  if (answer.type === 'failure') throw new CedarError(messageOf(answer.errors))
  const { decision, diagnostics } = answer.response
  return {
    allowed: decision === 'allow',
    deciding: diagnostics.reason,
    errors: diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message })),
  }
}

function toRequest(question: CedarQuestion) {
  const principal = { type: 'Account', id: question.subject }
  const resource = { type: question.resourceType || 'Nothing', id: question.resourceId }
  const roles = question.roles.map((id) => ({ type: 'Role', id }))
  const entities: EntityJson[] = [
    { uid: principal, attrs: toCedarRecord(question.subjectAttributes), parents: roles },
    ...roles.map((uid) => ({ uid, attrs: {}, parents: [] })),
  ]
  // Somebody may be asked about themselves.
  if (resource.type !== principal.type || resource.id !== principal.id) {
    entities.push({ uid: resource, attrs: toCedarRecord(question.resourceAttributes), parents: [] })
  }
  return {
    principal,
    resource,
    action: { type: 'Action', id: question.action },
    context: toCedarRecord(question.context),
    entities,
  }
}

function toPolicySet(policies: readonly NamedPolicy[]) {
  return { staticPolicies: Object.fromEntries(policies.map(({ name, text }) => [name, text])) }
}

/**
 * JSON in Cedar's values. It has no null and no fractions: what is null is left out, and fractions become decimals, which policies
 * compare with `.lessThan()`. Whoever sends an attribute cannot send an entity or a call: those keys are left out.
 */
export function toCedarRecord(values: Record<string, unknown>): Record<string, CedarValueJson> {
  const record: Record<string, CedarValueJson> = {}
  for (const [name, value] of Object.entries(values)) {
    if (name === '__entity' || name === '__extn') continue
    const converted = toCedarValue(value)
    if (converted !== undefined) record[name] = converted
  }
  return record
}

function toCedarValue(value: unknown): CedarValueJson | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value
    return Number.isFinite(value) && Math.abs(value) < 9e14
      ? { __extn: { fn: 'decimal', arg: value.toFixed(4) } }
      : undefined
  }
  if (Array.isArray(value)) {
    return value.flatMap((one) => {
      const converted = toCedarValue(one)
      return converted === undefined ? [] : [converted]
    })
  }
  return typeof value === 'object' && value !== null
    ? toCedarRecord(value as Record<string, unknown>)
    : undefined
}

function messageOf(errors: readonly { message: string; help: string | null }[]): string {
  return errors.map(({ message, help }) => (help ? `${message} (${help})` : message)).join('; ')
}
