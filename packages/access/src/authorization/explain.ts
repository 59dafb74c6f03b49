import type { Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { type CedarQuestion, decideOnce, type loadCedar, type NamedPolicy, parsePolicy } from './cedar.ts'

type Cedar = Awaited<ReturnType<typeof loadCedar>>

export interface ConditionTrace {
  text: string
  holds: boolean
  /** `context.amount = 120`. */
  attributes: string[]
}

export interface PolicyTrace {
  name: string
  effect: 'permit' | 'forbid'
  holds: boolean
  error: string
  conditions: ConditionTrace[]
}

/** What each policy says of a question, and which of its conditions hold: each is asked by itself. */
export function tracePolicy(cedar: Cedar, policy: NamedPolicy, question: CedarQuestion): PolicyTrace {
  const parsed = parsePolicy(cedar, policy.text)
  const answer = decideOnce(cedar, [policy], question)
  const error = answer.errors[0]?.message ?? ''
  const scope = traceScope(cedar, parsed, question)
  const conditions = parsed.conditions.flatMap(({ kind, body }) =>
    // An `unless` holds as a whole, and is told as the condition that must not.
    (kind === 'when' ? conjunctsOf(body) : [{ '!': { arg: body } } as Expr]).map((part) =>
      traceCondition(cedar, part, question),
    ),
  )
  return {
    name: policy.name,
    effect: parsed.effect,
    holds: answer.deciding.includes(policy.name),
    error,
    conditions: [...scope, ...conditions],
  }
}

/** What the head of a policy asks of principal and resource. The action fits, or the policy would not be asked. */
function traceScope(cedar: Cedar, parsed: PolicyJson, question: CedarQuestion): ConditionTrace[] {
  const traces: ConditionTrace[] = []
  for (const part of ['principal', 'resource'] as const) {
    if (parsed[part].op === 'All') continue
    const alone: PolicyJson = {
      ...{ effect: 'permit', action: { op: 'All' }, conditions: [] },
      principal: part === 'principal' ? parsed.principal : { op: 'All' },
      resource: part === 'resource' ? parsed.resource : { op: 'All' },
    }
    const text = textOf(cedar, alone)
    const head = /^permit\s*\(([\s\S]*?)\)\s*;?$/.exec(text)?.[1] ?? text
    const shown = head.split(/,\s*/).find((piece) => piece.trim().startsWith(part) && piece.trim() !== part)
    traces.push({
      text: (shown ?? head).trim(),
      holds: decideOnce(cedar, [{ name: 'p', text }], question).allowed,
      attributes:
        part === 'principal'
          ? [`principal = Account::"${question.subject}"`, `roles = ${question.roles.join(', ') || 'none'}`]
          : [`resource = ${question.resourceType || 'Nothing'}::"${question.resourceId}"`],
    })
  }
  return traces
}

function traceCondition(cedar: Cedar, body: Expr, question: CedarQuestion): ConditionTrace {
  const policy: PolicyJson = {
    ...{ effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } },
    conditions: [{ kind: 'when', body }],
  }
  const text = textOf(cedar, policy)
  const shown =
    /when\s*\{([\s\S]*)\}\s*;?$/
      .exec(text)?.[1]
      ?.trim()
      .replace(/^\(([\s\S]*)\)$/, '$1') ?? text
  return {
    text: shown.replace(/\s+/g, ' '),
    holds: decideOnce(cedar, [{ name: 'p', text }], question).allowed,
    attributes: [...pathsOf(body)].map((path) => `${path} = ${valueAt(path, question)}`),
  }
}

function textOf(cedar: Cedar, policy: PolicyJson): string {
  const written = cedar.policyToText(policy)
  if (written.type === 'failure') throw new TypeError('A policy that was parsed can be written')
  return written.text
}

function conjunctsOf(body: Expr): Expr[] {
  if (typeof body === 'object' && '&&' in body) {
    const { left, right } = body['&&'] as { left: Expr; right: Expr }
    return [...conjunctsOf(left), ...conjunctsOf(right)]
  }
  return [body]
}

/** `context.amount`, `principal.tier`: what an expression looks at. */
function pathsOf(expression: unknown, found: Set<string> = new Set()): Set<string> {
  const path = pathOf(expression)
  if (path !== undefined) {
    found.add(path)
    return found
  }
  if (Array.isArray(expression)) for (const part of expression) pathsOf(part, found)
  else if (typeof expression === 'object' && expression !== null) {
    for (const part of Object.values(expression)) pathsOf(part, found)
  }
  return found
}

function pathOf(expression: unknown): string | undefined {
  if (typeof expression !== 'object' || expression === null) return
  if ('Var' in expression && typeof expression.Var === 'string') return expression.Var
  if (!('.' in expression)) return
  const { left, attr } = expression['.'] as { left: unknown; attr: string }
  const inner = pathOf(left)
  return inner === undefined ? undefined : `${inner}.${attr}`
}

function valueAt(path: string, question: CedarQuestion): string {
  const [root = '', ...names] = path.split('.')
  const roots: Record<string, unknown> = {
    principal: names.length === 0 ? question.subject : question.subjectAttributes,
    resource: names.length === 0 ? question.resourceId : question.resourceAttributes,
    action: question.action,
    context: question.context,
  }
  let value: unknown = roots[root]
  for (const name of names) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  return value === undefined ? 'not given' : JSON.stringify(value)
}
