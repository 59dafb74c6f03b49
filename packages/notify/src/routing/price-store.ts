import type { Executor, Tx } from '@mainstay/kernel'
import type { PriceRow } from './price-book.ts'

/** All prices of a project; tens of thousands at most (a list is at most 1 MB). */
export async function listPrices(executor: Executor, projectId: string): Promise<PriceRow[]> {
  const { rows } = await executor.query<PriceRow>({
    name: 'notify.routing.prices',
    text: `SELECT provider_account_id AS account, country, prefix, price_micros::float8 AS micros
      FROM notify.prices WHERE project_id = $1`,
    values: [projectId],
  })
  return rows
}

/** A page of prices after one, by account, country and prefix. */
export async function pagePrices(
  executor: Executor,
  projectId: string,
  filter: { account: string | undefined; after: readonly [string, string, string] | undefined },
  limit: number,
): Promise<PriceRow[]> {
  const [account, country, prefix] = filter.after ?? [NIL, '', '']
  const { rows } = await executor.query<PriceRow>({
    text: `SELECT provider_account_id AS account, country, prefix, price_micros::float8 AS micros
      FROM notify.prices
      WHERE project_id = $1 AND ($2::uuid IS NULL OR provider_account_id = $2)
        AND (provider_account_id, country, prefix) > ($3::uuid, $4, $5)
      ORDER BY provider_account_id, country, prefix LIMIT $6`,
    values: [projectId, filter.account ?? null, account, country, prefix, limit],
  })
  return rows
}

const NIL = '00000000-0000-0000-0000-000000000000'

/** Makes these the prices of the accounts that they name. */
export async function replacePrices(tx: Tx, projectId: string, rows: readonly PriceRow[]): Promise<void> {
  await tx.query({
    text: 'DELETE FROM notify.prices WHERE project_id = $1 AND provider_account_id = ANY ($2::uuid[])',
    values: [projectId, [...new Set(rows.map((row) => row.account))]],
  })
  await tx.query({
    text: `INSERT INTO notify.prices (project_id, provider_account_id, country, prefix, price_micros)
      SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[])`,
    values: [
      projectId,
      rows.map((row) => row.account),
      rows.map((row) => row.country),
      rows.map((row) => row.prefix),
      rows.map((row) => row.micros),
    ],
  })
}
