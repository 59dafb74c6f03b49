import { type Act, recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  type FieldViolation,
  fromTypeId,
  type Tx,
} from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { listAccounts } from '../provider-accounts/store.ts'
import { requireMode } from '../test-mode.ts'
import { deleteCap, listCaps, type SpendCapRow, upsertCap } from './cap-store.ts'
import { isCountry } from './countries.ts'
import { parsePriceCsv } from './price-csv.ts'
import { replacePrices } from './price-store.ts'
import { findSettings, lockSettings, type Pin, type SettingsRow, updateSettings } from './settings-store.ts'
import type { RoutingTables } from './table.ts'

/** Who asks, for which project. A test caller may not touch what moves real things. */
export interface RoutingAct extends Act {
  projectId: string
  testMode: boolean
}

export interface RoutingServiceDeps {
  db: Db
  clock: Clock
  tables: Pick<RoutingTables, 'invalidate'>
}

export type RoutingService = ReturnType<typeof createRoutingService>

/** What people decide about routing: prices, caps, the kill switch, pins. */
export function createRoutingService({ db, clock, tables }: RoutingServiceDeps) {
  /** One change, with its audit record, seen by every process once it is committed. */
  async function change<T>(
    act: RoutingAct,
    what: { action: string; resource: string; changed?: 'prices' },
    fn: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    requireMode(act, true, 'Prices, caps and routing hold for live messages as well: use a live key.')
    const run = async (tx: Tx): Promise<T> => {
      const result = await fn(tx)
      await recordAudit(tx, clock, act, {
        projectId: act.projectId,
        action: `notify.${what.action}`,
        resource: what.resource,
      })
      await tables.invalidate(act.projectId, tx, what.changed)
      return result
    }
    return act.tx === undefined ? db.transaction(run) : run(act.tx)
  }

  return {
    /** All of the list or nothing; the accounts that it names have exactly its prices from then on. */
    async importPrices(
      act: RoutingAct,
      { csv, currency }: { csv: string; currency: string },
    ): Promise<{ prices: number; accounts: number }> {
      const parsed = parsePriceCsv(csv)
      if ('violations' in parsed) throw invalidPrices(parsed.violations)
      const what = { action: 'prices.import', resource: 'prices', changed: 'prices' } as const
      return change(act, what, async (tx) => {
        const known = new Set((await listAccounts(tx, act.projectId)).map((row) => row.provider_account_id))
        const settings = await lockSettings(tx, act.projectId, clock.now())
        const violations: FieldViolation[] = []
        if (settings.currency !== '' && settings.currency !== currency) {
          const description = `must be ${settings.currency}, as the other prices and caps of the project are`
          violations.push({ field: 'currency', description })
        }
        const rows = parsed.lines.map(({ account, country, prefix, micros, line }) => {
          const id = fromTypeId('pac', account) ?? ''
          if (!known.has(id)) {
            violations.push({
              field: 'csv',
              description: `line ${line}: ${account} is no account of this project`,
            })
          }
          return { account: id, country, prefix, micros }
        })
        if (violations.length > 0) throw invalidPrices(violations.slice(0, 100))
        await replacePrices(tx, act.projectId, rows)
        if (settings.currency === '') {
          await updateSettings(tx, act.projectId, { ...settings, currency, updateTime: clock.now() })
        }
        return { prices: rows.length, accounts: new Set(rows.map((row) => row.account)).size }
      })
    },

    async setCap(act: RoutingAct, cap: CapKey & { limitMicros: number }): Promise<SpendCapRow> {
      requireCountry('spendCap.country', cap.country)
      const what = { action: 'spend_caps.update', resource: `spend-cap ${cap.channel} ${cap.country}` }
      return change(act, what, (tx) => upsertCap(tx, act.projectId, cap, clock.now()))
    },

    async removeCap(act: RoutingAct, cap: CapKey): Promise<void> {
      requireCountry('country', cap.country)
      const what = { action: 'spend_caps.delete', resource: `spend-cap ${cap.channel} ${cap.country}` }
      await change(act, what, (tx) => deleteCap(tx, act.projectId, cap))
    },

    async caps(projectId: string): Promise<{ caps: SpendCapRow[]; currency: string }> {
      const [caps, settings] = await Promise.all([listCaps(db, projectId), findSettings(db, projectId)])
      return { caps, currency: settings?.currency ?? '' }
    },

    settings: (projectId: string): Promise<SettingsRow | undefined> => findSettings(db, projectId),

    async updateSettings(
      act: RoutingAct,
      wanted: { stopped?: boolean; stopReason?: string; pins?: readonly Pin[] },
    ): Promise<SettingsRow> {
      for (const [index, pin] of (wanted.pins ?? []).entries()) {
        requireCountry(`routingSettings.pins[${index}].country`, pin.country)
      }
      const what = { action: 'routing_settings.update', resource: 'routing-settings' }
      return change(act, what, async (tx) => {
        const pinned = wanted.pins ?? []
        if (pinned.length > 0) {
          const known = new Set((await listAccounts(tx, act.projectId)).map((row) => row.provider_account_id))
          if (pinned.some((pin) => !known.has(pin.account))) throw noSuchAccount()
        }
        const row = await lockSettings(tx, act.projectId, clock.now())
        const changed = {
          ...row,
          stopped: wanted.stopped ?? row.stopped,
          stopReason: wanted.stopReason ?? row.stopReason,
          pins: [...(wanted.pins ?? row.pins)],
          updateTime: clock.now(),
        }
        await updateSettings(tx, act.projectId, changed)
        return changed
      })
    },
  }
}

/** Which cap: a channel of the contract (0: all) and a country (empty: all). */
export interface CapKey {
  channel: number
  country: string
}

function requireCountry(field: string, country: string): void {
  if (country === '' || isCountry(country)) return
  throw routingInvalid([{ field, description: 'must be empty or ISO 3166-1 alpha-2, such as `DE`' }])
}

export function routingInvalid(violations: readonly FieldViolation[]): AppError {
  return appError(reasons, 'notify.routing_invalid', 'Routing cannot be set up like this: see the details.', {
    violations,
  })
}

export function noSuchAccount(): AppError {
  return appError(
    reasons,
    'notify.provider_account_not_found',
    'There is no such provider account in this project.',
  )
}

function invalidPrices(violations: readonly FieldViolation[]): AppError {
  return appError(
    reasons,
    'notify.prices_invalid',
    'The price list was not taken in: see the details. Nothing was changed.',
    { violations },
  )
}
