import { findFirstOperator } from '../store/sessions.ts'
import { BY_SYSTEM } from './act.ts'
import { createSessions, type SessionsDeps } from './sessions.ts'

/**
 * A new sign-in link's token for the first operator, without a running Access: for a command beside the server. Audited
 * like the link that the server prints at its start. Undefined before the server's first start, which makes the operator.
 */
export async function createFirstOperatorLink(
  deps: SessionsDeps,
): Promise<{ token: string; expireTime: Date } | undefined> {
  const operator = await findFirstOperator(deps.db)
  if (operator === undefined) return
  return await createSessions(deps).createLink(BY_SYSTEM, operator.operator_id)
}
