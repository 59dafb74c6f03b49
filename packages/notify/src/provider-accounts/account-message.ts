import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { toTypeId } from '@mainstay/kernel'
import {
  Channel,
  type ProviderAccount,
  type ProviderAccountSchema,
  SmtpSecurity,
} from '@mainstay/proto/notify/v1'
import { channelNumber } from '../providers/outgoing.ts'
import type { AccountRouting } from '../routing/account-routing.ts'
import { type AccountConfig, type AccountDraft, channelsOf, reportsOf } from './account-config.ts'
import type { AccountRow, AttemptCounts } from './store.ts'

const SECURITIES = {
  [SmtpSecurity.UNSPECIFIED]: 'starttls',
  [SmtpSecurity.STARTTLS]: 'starttls',
  [SmtpSecurity.TLS]: 'tls',
  [SmtpSecurity.NONE]: 'none',
} as const

const SECURITY_NUMBERS = {
  starttls: SmtpSecurity.STARTTLS,
  tls: SmtpSecurity.TLS,
  none: SmtpSecurity.NONE,
} as const

/** What a request says of an account; undefined when it names no kind of provider. */
export function toDraft(account: ProviderAccount): AccountDraft | undefined {
  const parts = readConfig(account)
  if (parts === undefined) return undefined
  const { displayName, sender, enabled, test, priority } = account
  return { displayName, sender, enabled, test, priority, routing: readRouting(account), ...parts }
}

/** What is unset, or as if it were, is left out: that is what rows hold. */
export function readRouting({ routing }: ProviderAccount): AccountRouting {
  if (routing === undefined) return {}
  const { messagesPerSecond, weight, countries, drained } = routing
  return {
    ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }),
    ...(weight === 0 ? {} : { weight }),
    ...(countries.length === 0 ? {} : { countries }),
    ...(drained ? { drained } : {}),
  }
}

function readConfig({ config }: ProviderAccount): Pick<AccountDraft, 'config' | 'secret'> | undefined {
  switch (config.case) {
    case 'sandbox':
      return {
        config: config.value.broken ? { kind: 'sandbox', broken: true } : { kind: 'sandbox' },
        secret: '',
      }
    case 'smtp': {
      const { host, port, username, maxConnections, password: secret } = config.value
      const security = SECURITIES[config.value.security] ?? 'starttls'
      return { config: { kind: 'smtp', host, port, security, username, maxConnections }, secret }
    }
    case 'http':
      return { config: { kind: 'http', url: config.value.url }, secret: config.value.bearerToken }
    case 'service': {
      const { kind: service, settings, secrets } = config.value
      const secretNames = Object.keys(secrets).filter((name) => secrets[name] !== '')
      const secret = Object.keys(secrets).length === 0 ? '' : JSON.stringify(secrets)
      return { config: { kind: 'service', service, settings, secretNames }, secret }
    }
    default:
      return undefined
  }
}

/** An account as callers see it: everything but its secret. */
export function toMessage(
  row: AccountRow,
  reportUrl: (providerAccountId: string) => string,
  counts?: AttemptCounts,
): MessageInitShape<typeof ProviderAccountSchema> {
  const channels: Channel[] = channelsOf(row.config).map(channelNumber)
  return {
    providerAccountId: toTypeId('pac', row.provider_account_id),
    displayName: row.display_name,
    channel: channels.length === 1 ? (channels[0] ?? Channel.UNSPECIFIED) : Channel.UNSPECIFIED,
    channels,
    reportUrl: reportsOf(row.config) ? reportUrl(row.provider_account_id) : '',
    config: showConfig(row.config),
    sender: row.sender,
    enabled: row.enabled,
    priority: row.priority,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
    etag: etagOf(row),
    acceptedCount: counts?.accepted ?? 0n,
    rejectedCount: counts?.rejected ?? 0n,
    unknownCount: counts?.unknown ?? 0n,
    test: row.test,
    routing: { ...row.routing, countries: [...(row.routing.countries ?? [])] },
  }
}

type ShownConfig = NonNullable<MessageInitShape<typeof ProviderAccountSchema>['config']>

function showConfig(config: AccountConfig): ShownConfig {
  switch (config.kind) {
    case 'sandbox':
      return { case: 'sandbox', value: { broken: config.broken ?? false } }
    case 'smtp': {
      const { host, port, username, maxConnections } = config
      const security = SECURITY_NUMBERS[config.security]
      return { case: 'smtp', value: { host, port, security, username, maxConnections } }
    }
    case 'http':
      return { case: 'http', value: { url: config.url } }
    case 'service': {
      const { service: kind, settings, secretNames } = config
      return { case: 'service', value: { kind, settings: { ...settings }, storedSecrets: [...secretNames] } }
    }
  }
}

export function etagOf(row: Pick<AccountRow, 'revision'>): string {
  return `r${row.revision}`
}
