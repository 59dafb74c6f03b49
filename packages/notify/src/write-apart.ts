import { sqlState, type Tx } from '@mainstay/kernel'

/** SQLSTATE classes 22 (data), 23 (constraint) and 54 (limits): another try with the same rows fails the same way. */
export function isFaultOfData(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '')
}

/**
 * Writes all at once; where the database refuses that for what is in it, each by itself, so that one bad row holds up nobody but
 * itself. Other failures, such as a deadlock or a lost connection, are thrown.
 *
 * @returns those that were refused. Usually none.
 */
export async function writeApart<T>(
  tx: Tx,
  items: readonly T[],
  write: (items: readonly T[]) => Promise<void>,
): Promise<{ item: T; error: unknown }[]> {
  try {
    await tx.savepoint(() => write(items))
    return []
  } catch (error) {
    if (!isFaultOfData(error)) throw error
    const [item] = items
    if (item !== undefined && items.length === 1) return [{ item, error }]
  }
  const refused: { item: T; error: unknown }[] = []
  for (const item of items) refused.push(...(await writeApart(tx, [item], write)))
  return refused
}
