import { appError, type Tx } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { type CedarSets, decideOnce, loadCedar } from './cedar.ts'
import { type AccessQuestion, compileRules, decide } from './decide.ts'
import { listCountingPolicies, listRoles, type PolicyRow } from './store.ts'

/** A question with the answer that it must get. */
export interface Example {
  displayName: string
  question: AccessQuestion
  roles: readonly string[]
  allowed: boolean
}

/**
 * Runs the examples of a version that is to decide, with all else that decides. Throws `access.policy_example_failed` when one gets
 * another answer than it must.
 */
export async function runExamples(tx: Tx, projectId: string, row: PolicyRow): Promise<void> {
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
  const once: CedarSets = { decide: (_project, policies, question) => decideOnce(cedar, policies, question) }
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
