import type { Clock, Db } from '@mainstay/kernel'
import { UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderDirectory } from '../provider-accounts/directory.ts'
import type { ProviderResult } from '../providers/adapter.ts'
import { providerChannelName } from '../providers/outgoing.ts'
import { walkIndexes } from './batch-sql.ts'
import { Doubt, meansOf } from './doubt.ts'
import { judge } from './judge.ts'
import type { Lane } from './lanes.ts'
import {
  type AbandonedAttempt,
  listAbandoned,
  listDeadWorkers,
  lockDeadWorker,
  removeWorker,
} from './lease-store.ts'
import { type AttemptRecord, recordAttempts } from './record-store.ts'
import { inLockOrder } from './recorder.ts'
import type { RetryPolicies } from './settings.ts'

const NO_WORD: ProviderResult = {
  outcome: 'unknown',
  reply: 'the worker stopped before it could record what the provider answered',
}

export interface ReaperDeps {
  db: Db
  clock: Clock
  policies: RetryPolicies
  directory: Pick<ProviderDirectory, 'candidates'>
  /** See ClaimDeps. */
  reportWaitMs: Readonly<Record<Lane, number>>
}

/**
 * Settles what dead workers had under way: each such attempt may or may not have reached its provider, so its outcome
 * is unknown, and what follows is what follows every answer that was lost. Any worker may do it, at any time.
 *
 * @returns how many attempts were settled.
 */
export async function settleDeadWorkers(deps: ReaperDeps): Promise<number> {
  const { db, clock } = deps
  let settled = 0
  for (const workerId of await listDeadWorkers(db)) {
    settled += await db.transaction(async (tx) => {
      if (!(await lockDeadWorker(tx, workerId))) return 0
      const abandoned = await listAbandoned(tx, workerId)
      if (abandoned.length > 0) {
        const nowMs = clock.nowMs()
        const records: AttemptRecord[] = []
        for (const attempt of abandoned) records.push(await settle(deps, attempt, workerId, nowMs))
        await recordAttempts(tx, records.toSorted(inLockOrder))
      }
      await removeWorker(tx, workerId)
      return abandoned.length
    }, walkIndexes)
  }
  return settled
}

async function settle(
  { directory, policies, reportWaitMs }: ReaperDeps,
  attempt: AbandonedAttempt,
  workerId: string,
  nowMs: number,
): Promise<AttemptRecord> {
  const { projectId, messageId, live, channel, doubt } = attempt
  const name = providerChannelName(channel ?? 0)
  const candidates =
    live === null || name === undefined ? [] : await directory.candidates(projectId, live, name)
  const account = candidates.find(({ providerAccountId }) => providerAccountId === attempt.providerAccountId)
  const verdict = judge(
    NO_WORD,
    {
      ...attempt,
      unknownPolicy: attempt.unknownPolicy ?? UnknownPolicy.AT_MOST_ONCE,
      inDoubt: false,
      // While a report is waited for nothing is sent: what was under way was a resend.
      doubt: doubt === Doubt.REPORT ? Doubt.NONE : doubt,
      means: meansOf(account, reportWaitMs[attempt.lane]),
    },
    nowMs,
    policies,
  )
  return {
    ...{ projectId, messageId, attempt: attempt.attempt, workerId, ...verdict, endMs: nowMs },
    possibleDuplicate: verdict.possibleDuplicate || doubt === Doubt.REPORT,
    ...{ providerMessageId: null, reply: NO_WORD.reply, subject: null },
  }
}
