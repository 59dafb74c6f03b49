import { createBatcher, type Db } from '@mainstay/kernel'
import { countryOf } from '../providers/phone-numbers.ts'
import { convertByKeys, type UsedCode } from './rates-store.ts'
import type { RoutingTables } from './table.ts'

/** What whoever sends one-time codes asks of routing. */
export interface OneTimeCodes {
  /**
   * What a message to a number costs at the most, in millionths of the project's currency: the price of the dearest account that
   * has one. Undefined where no prices are known.
   */
  dearestPrice(projectId: string, to: string): Promise<number | undefined>
  /** A code was typed in: codes go to the accounts whose codes are. Of a key that nothing was sent under it keeps nothing. */
  used(code: UsedCode): Promise<void>
}

export function createOneTimeCodes(db: Db, tables: Pick<RoutingTables, 'get'>): OneTimeCodes {
  const batcher = createBatcher<UsedCode, void>({
    async run(codes) {
      await convertByKeys(db, codes)
      return codes.map(() => undefined)
    },
  })
  return {
    async dearestPrice(projectId, to) {
      const { prices } = await tables.get(projectId)
      return prices.isEmpty ? undefined : prices.dearest(to, countryOf(to))
    },
    used: (code) => batcher.submit(code),
  }
}
