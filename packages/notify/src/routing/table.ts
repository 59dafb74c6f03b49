import { type Bus, type Cache, createCache, type Db, type Metrics, type Tx } from '@mainstay/kernel'
import { type BreakerRow, listBreakers } from './breaker-store.ts'
import { createPriceBook, NO_PRICES, type PriceBook } from './price-book.ts'
import { listPrices } from './price-store.ts'
import type { Measured } from './rates.ts'
import { listMeasured } from './rates-store.ts'
import { findSettings, hasCaps, type Pin } from './settings-store.ts'

/** All that routing knows of a project besides its accounts. */
export interface RoutingTable {
  /** The kill switch is on, for this reason. */
  stopped: { reason: string } | undefined
  currency: string
  pins: readonly Pin[]
  prices: PriceBook
  breakers: readonly BreakerRow[]
  measuredOf(accountId: string, country: string | undefined): Measured | undefined
  /** Something was measured. */
  hasRates: boolean
  /** The project tells which one-time codes were used. */
  hasConversions: boolean
  /** There is something to count against. */
  hasCaps: boolean
}

export const EMPTY_TABLE: RoutingTable = {
  stopped: undefined,
  currency: '',
  pins: [],
  prices: NO_PRICES,
  breakers: [],
  measuredOf: () => undefined,
  hasRates: false,
  hasConversions: false,
  hasCaps: false,
}

/** The tables of all projects, kept until they change. */
export interface RoutingTables {
  get(projectId: string): Promise<RoutingTable>
  /** Forgets a project's in every process once `tx` has committed; its prices only where they changed. */
  invalidate(projectId: string, tx: Tx, changed?: 'prices'): Promise<void>
  close(): Promise<void>
}

/** Changes are heard of at once; this bounds what a lost word could do, and how old measured rates get. */
const TTL_MS = 30_000

/** Prices are many and change seldom. */
const PRICES_TTL_MS = 600_000

export function createRoutingTables(deps: {
  db: Db
  bus: Bus
  metrics?: Metrics | undefined
}): RoutingTables {
  const { db, bus, metrics } = deps
  const more = metrics === undefined ? {} : { metrics }
  let opening: Promise<{ tables: Cache<RoutingTable>; prices: Cache<PriceBook> }> | undefined
  /** At first use: they listen to the bus, which is started after everything is put together. */
  const open = (): Promise<{ tables: Cache<RoutingTable>; prices: Cache<PriceBook> }> => {
    opening ??= openCaches().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  async function openCaches(): Promise<{ tables: Cache<RoutingTable>; prices: Cache<PriceBook> }> {
    const prices = await createCache<PriceBook>({
      ...{ name: 'notify.prices', maxEntries: 1000, ttlMs: PRICES_TTL_MS, db, bus, ...more },
      load: async (projectId) => createPriceBook(await listPrices(db, projectId)),
    })
    const tables = await createCache<RoutingTable>({
      ...{ name: 'notify.routing', maxEntries: 5000, ttlMs: TTL_MS, db, bus, ...more },
      load: async (projectId) => loadTable(db, projectId, (await prices.get(projectId)) ?? NO_PRICES),
    })
    return { tables, prices }
  }
  return {
    get: async (projectId) => (await (await open()).tables.get(projectId)) ?? EMPTY_TABLE,
    async invalidate(projectId, tx, changed) {
      const { tables, prices } = await open()
      // In this order: who loads the table anew must not find the old prices.
      if (changed === 'prices') await prices.invalidate(projectId, tx)
      await tables.invalidate(projectId, tx)
    },
    async close() {
      const caches = await opening
      caches?.tables.close()
      caches?.prices.close()
    },
  }
}

async function loadTable(db: Db, projectId: string, prices: PriceBook): Promise<RoutingTable> {
  const [settings, breakers, measured, capped] = await Promise.all([
    findSettings(db, projectId),
    listBreakers(db, projectId),
    listMeasured(db, projectId),
    hasCaps(db, projectId),
  ])
  const rates = new Map(measured.map((row) => [`${row.accountId} ${row.country}`, row]))
  return {
    stopped: settings?.stopped === true ? { reason: settings.stopReason } : undefined,
    currency: settings?.currency ?? '',
    pins: settings?.pins ?? [],
    prices,
    breakers,
    measuredOf: (accountId, country) => rates.get(`${accountId} ${country ?? ''}`),
    hasRates: measured.length > 0,
    hasConversions: measured.some(({ converted }) => converted > 0),
    hasCaps: capped,
  }
}
