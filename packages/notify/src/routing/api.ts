import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type Db, fromTypeId, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import { Channel, type Notify } from '@mainstay/proto/notify/v1'
import { type RoutingPin, RoutingSettingsSchema, SpendCapSchema } from '@mainstay/proto/notify/v1/routing'
import type { CallContext, Handlers } from '@mainstay/rpc'
import type { Messages } from '../messages/service.ts'
import type { AccountRow } from '../provider-accounts/store.ts'
import type { ProviderSemantics } from '../providers/adapter.ts'
import type { SpendCapRow } from './cap-store.ts'
import { readHealth } from './health.ts'
import { pagePrices } from './price-store.ts'
import { insertConversion } from './rates-store.ts'
import { noSuchAccount, type RoutingAct, type RoutingService, routingInvalid } from './service.ts'
import type { Pin, SettingsRow } from './settings-store.ts'

export interface RoutingApiDeps {
  db: Db
  routing: RoutingService
  messages: Pick<Messages, 'getChangeable'>
  pageTokens: PageTokens
  semanticsOf(row: AccountRow): ProviderSemantics | undefined
}

type RoutingMethod =
  | 'listProviderHealth'
  | 'importPrices'
  | 'listPrices'
  | 'updateSpendCap'
  | 'deleteSpendCap'
  | 'listSpendCaps'
  | 'getRoutingSettings'
  | 'updateRoutingSettings'
  | 'reportConversion'

/** Routing's methods of the contract. */
export function routingHandlers(deps: RoutingApiDeps): Pick<Handlers<typeof Notify>, RoutingMethod> {
  const { db, routing, messages, pageTokens } = deps
  return {
    async listProviderHealth(_, { projectId }) {
      return { accounts: await readHealth(db, projectId, deps.semanticsOf) }
    },
    async importPrices({ csv, currency }, ctx) {
      const { prices, accounts } = await routing.importPrices(toAct(ctx), { csv, currency })
      return { priceCount: prices, accountCount: accounts }
    },
    async listPrices({ providerAccountId, pageSize, pageToken }, { projectId, method }) {
      const account = providerAccountId === '' ? undefined : requireAccount(providerAccountId)
      const scope = { method, projectId, filter: { account: account ?? '' } }
      const after = pageTokens.read(scope, pageToken) as [string, string, string] | undefined
      const limit = pageLimit(pageSize)
      const found = await pagePrices(db, projectId, { account, after }, limit + 1)
      const page = pageTokens.cut(scope, found, limit, (last) => [last.account, last.country, last.prefix])
      const settings = await routing.settings(projectId)
      return {
        prices: page.rows.map((row) => ({
          providerAccountId: toTypeId('pac', row.account),
          country: row.country,
          prefix: row.prefix,
          priceMicros: BigInt(row.micros),
        })),
        currency: settings?.currency ?? '',
        nextPageToken: page.nextPageToken,
      }
    },
    async updateSpendCap({ spendCap = create(SpendCapSchema) }, ctx) {
      const channel = readChannel('spendCap.channel', spendCap.channel)
      const limitMicros = Number(spendCap.dailyLimitMicros)
      const row = await routing.setCap(toAct(ctx), { channel, country: spendCap.country, limitMicros })
      const settings = await routing.settings(ctx.projectId)
      return toCap(row, settings?.currency ?? '')
    },
    async deleteSpendCap({ channel, country }, ctx) {
      await routing.removeCap(toAct(ctx), { channel: readChannel('channel', channel), country })
      return {}
    },
    async listSpendCaps(_, { projectId }) {
      const { caps, currency } = await routing.caps(projectId)
      return { spendCaps: caps.map((cap) => toCap(cap, currency)) }
    },
    async getRoutingSettings(_, { projectId }) {
      return toSettings(await routing.settings(projectId))
    },
    async updateRoutingSettings({ routingSettings = create(RoutingSettingsSchema), updateMask }, ctx) {
      const named = (path: string): boolean => {
        const paths = updateMask?.paths
        return paths === undefined || paths.includes(path) || paths.includes('*')
      }
      const unknown = updateMask?.paths.find((path) => !CHANGEABLE.has(path))
      if (unknown !== undefined) {
        throw routingInvalid([
          { field: 'updateMask', description: `\`${unknown}\` is no field that can be changed` },
        ])
      }
      const { stopped, stopReason, pins } = routingSettings
      const row = await routing.updateSettings(toAct(ctx), {
        ...(named('stopped') ? { stopped } : {}),
        ...(named('stop_reason') ? { stopReason } : {}),
        ...(named('pins') ? { pins: pins.map(readPin) } : {}),
      })
      return toSettings(row)
    },
    async reportConversion({ messageId }, ctx) {
      const { message_id: uuid } = await messages.getChangeable(ctx, messageId)
      await insertConversion(ctx.tx ?? db, ctx.projectId, uuid)
      return {}
    },
  }
}

const CHANGEABLE: ReadonlySet<string> = new Set(['stopped', 'stop_reason', 'pins', '*'])

function toAct({ caller, requestId, tx, projectId }: CallContext): RoutingAct {
  return { actor: caller.id, requestId, tx, projectId, testMode: caller.testMode }
}

function requireAccount(text: string): string {
  const uuid = fromTypeId('pac', text)
  if (uuid === undefined) throw noSuchAccount()
  return uuid
}

/** A channel's number by its name in the contract; 0 for none, which means all. */
function readChannel(field: string, name: string): number {
  if (name === '') return 0
  const number = Channel[name.replace('CHANNEL_', '') as keyof typeof Channel]
  if (name.startsWith('CHANNEL_') && typeof number === 'number' && number !== Channel.UNSPECIFIED)
    return number
  throw routingInvalid([{ field, description: 'must be empty or a channel, such as `CHANNEL_SMS`' }])
}

function channelText(channel: number): string {
  return channel === 0 ? '' : `CHANNEL_${Channel[channel]}`
}

function readPin({ channel, country, providerAccountId, exclusive }: RoutingPin, index: number): Pin {
  const field = `routingSettings.pins[${index}].channel`
  return {
    channel: readChannel(field, channel),
    country,
    account: requireAccount(providerAccountId),
    exclusive,
  }
}

function toCap(row: SpendCapRow, currency: string): MessageInitShape<typeof SpendCapSchema> {
  return {
    channel: channelText(row.channel),
    country: row.country,
    dailyLimitMicros: BigInt(row.limitMicros),
    spentMicros: BigInt(row.spentMicros),
    currency,
  }
}

function toSettings(row: SettingsRow | undefined): MessageInitShape<typeof RoutingSettingsSchema> {
  if (row === undefined) return {}
  return {
    stopped: row.stopped,
    stopReason: row.stopReason,
    pins: row.pins.map(({ channel, country, account, exclusive }) => ({
      ...{ channel: channelText(channel), country, exclusive },
      providerAccountId: toTypeId('pac', account),
    })),
    currency: row.currency,
    updateTime: timestampFromDate(row.updateTime),
  }
}
