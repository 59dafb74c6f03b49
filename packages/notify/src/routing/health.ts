import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { type Db, type Executor, toTypeId } from '@mainstay/kernel'
import { BreakerState, type ProviderHealthSchema } from '@mainstay/proto/notify/v1/routing'
import { type AccountRow, listAccounts } from '../provider-accounts/store.ts'
import type { ProviderSemantics } from '../providers/adapter.ts'
import { limitOf } from './account-routing.ts'
import { type BreakerRow, listBreakers } from './breaker-store.ts'
import { listMeasured } from './rates-store.ts'
import { CHUNK_MS } from './tokens.ts'

/** How a project's accounts fare, as all processes together know it. */
export async function readHealth(
  db: Db,
  projectId: string,
  semanticsOf: (row: AccountRow) => ProviderSemantics | undefined,
): Promise<MessageInitShape<typeof ProviderHealthSchema>[]> {
  const [rows, breakers, measured, used] = await Promise.all([
    listAccounts(db, projectId),
    listBreakers(db, projectId),
    listMeasured(db, projectId),
    listUsedUp(db, projectId),
  ])
  return rows.map((row) => {
    const id = row.provider_account_id
    const semantics = semanticsOf(row)
    const limit = semantics === undefined ? 0 : limitOf({ routing: row.routing, semantics })
    const usedMs = used.get(id) ?? 0
    return {
      providerAccountId: toTypeId('pac', id),
      ...toBreaker(breakers.find((one) => one.accountId === id)),
      messagesPerSecond: limit,
      ...(limit > 0 ? { messagesLeft: limit * Math.max(0, 1 - usedMs / CHUNK_MS) } : {}),
      rates: measured
        .filter(({ accountId }) => accountId === id)
        .map(({ country, accepted, delivered, codes, converted }) => ({
          country,
          acceptedCount: BigInt(accepted),
          deliveredCount: BigInt(delivered),
          codeCount: BigInt(codes),
          convertedCount: BigInt(converted),
        })),
    }
  })
}

function toBreaker(row: BreakerRow | undefined) {
  if (row === undefined || row.state === 1) return { breakerState: BreakerState.CLOSED }
  return {
    breakerState: row.state === 2 ? BreakerState.OPEN : BreakerState.HALF_OPEN,
    breakerReason: row.reason,
    retryTime: timestampFromMs(row.untilMs),
  }
}

/** How far into the future accounts' rates are used up, in milliseconds. */
async function listUsedUp(executor: Executor, projectId: string): Promise<Map<string, number>> {
  const { rows } = await executor.query<{ accountId: string; usedMs: number }>({
    text: `SELECT provider_account_id AS "accountId",
        (extract(epoch FROM next_time - clock_timestamp()) * 1000)::float8 AS "usedMs"
      FROM notify.provider_tokens WHERE project_id = $1`,
    values: [projectId],
  })
  return new Map(rows.map(({ accountId, usedMs }) => [accountId, Math.max(0, usedMs)]))
}
