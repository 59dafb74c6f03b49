import type { Clock, Db } from '@mainstay/kernel'
import { UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import { walkIndexes } from './batch-sql.ts'
import { judge } from './judge.ts'
import { listAbandoned, listDeadWorkers, lockDeadWorker, removeWorker } from './lease-store.ts'
import { recordAttempts } from './record-store.ts'
import { inLockOrder } from './recorder.ts'
import type { RetryPolicies } from './settings.ts'

const NO_WORD: ProviderResult = {
  outcome: 'unknown',
  reply: 'the worker stopped before it could record what the provider answered',
}

/**
 * Settles what dead workers had under way: each such attempt may or may not have reached its provider, so its outcome
 * is unknown and the message's policy decides. Any worker may do it, at any time.
 *
 * @returns how many attempts were settled.
 */
export async function settleDeadWorkers(db: Db, clock: Clock, policies: RetryPolicies): Promise<number> {
  let settled = 0
  for (const workerId of await listDeadWorkers(db)) {
    settled += await db.transaction(async (tx) => {
      if (!(await lockDeadWorker(tx, workerId))) return 0
      const abandoned = await listAbandoned(tx, workerId)
      if (abandoned.length > 0) {
        const nowMs = clock.nowMs()
        const records = abandoned.map((attempt) => {
          const unknownPolicy = attempt.unknownPolicy ?? UnknownPolicy.AT_MOST_ONCE
          const verdict = judge(NO_WORD, { ...attempt, unknownPolicy, inDoubt: false }, nowMs, policies)
          const { projectId, messageId, attempt: number } = attempt
          return {
            ...{ projectId, messageId, attempt: number, workerId, ...verdict, endMs: nowMs },
            ...{ providerMessageId: null, reply: NO_WORD.reply, subject: null },
          }
        })
        await recordAttempts(tx, records.toSorted(inLockOrder))
      }
      await removeWorker(tx, workerId)
      return abandoned.length
    }, walkIndexes)
  }
  return settled
}
