import { appError, type Logger } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { reasons } from '../errors.ts'
import type { ProviderAdapter, ProviderClient, ProviderSemantics } from '../providers/adapter.ts'
import type { HttpConfig } from '../providers/http.ts'
import { SANDBOX_CONNECTIONS, type SandboxConfig } from '../providers/sandbox.ts'
import type { Service } from '../providers/service.ts'
import { services } from '../providers/services.ts'
import { DEFAULT_SMTP_CONNECTIONS, type SmtpConfig } from '../providers/smtp.ts'
import type { ReportAccount } from '../reports/accounts.ts'
import type { AccountConfig } from './account-config.ts'
import { type AccountSecrets, readServiceSecrets } from './secrets.ts'
import type { AccountRow } from './store.ts'

/** One adapter per kind of provider. */
export interface Adapters {
  sandbox: ProviderAdapter<SandboxConfig>
  smtp: ProviderAdapter<SmtpConfig, 'email'>
  http: ProviderAdapter<HttpConfig>
  /** By kind. */
  services: ReadonlyMap<string, ProviderAdapter<Readonly<Record<string, string>>>>
}

/** Requests under way at once to one HTTP endpoint. Measured: 64 carry 10,400 a second on loopback, 128 carry 12,500. */
export const HTTP_CONNECTIONS = 128

/** How many sends an account carries at once. */
export function concurrencyOf(config: AccountConfig): number {
  if (config.kind === 'http' || config.kind === 'service') return HTTP_CONNECTIONS
  return config.kind === 'sandbox' ? SANDBOX_CONNECTIONS : config.maxConnections || DEFAULT_SMTP_CONNECTIONS
}

/** Undefined for a service that this version does not know. */
export function semanticsOf(adapters: Adapters, config: AccountConfig): ProviderSemantics | undefined {
  return config.kind === 'service'
    ? adapters.services.get(config.service)?.semantics
    : adapters[config.kind].semantics
}

/** A service's settings and secrets as its definition takes them: every field is there. */
export function serviceConfig(
  service: Pick<Service, 'fields'>,
  settings: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = Object.keys(service.fields)
  return Object.fromEntries(names.map((name) => [name, settings[name] ?? secrets[name] ?? '']))
}

/** Opens a line to an account. Throws `notify.credentials_unreadable`. */
export function connectAccount(adapters: Adapters, secrets: AccountSecrets, row: AccountRow): ProviderClient {
  const { config } = row
  switch (config.kind) {
    case 'sandbox':
      return config.broken === true ? BROKEN : adapters.sandbox.connect({ projectId: row.project_id })
    case 'smtp':
      return adapters.smtp.connect({
        ...config,
        maxConnections: concurrencyOf(config),
        password: secrets.open(row),
      })
    case 'http':
      return adapters.http.connect({ url: config.url, bearerToken: secrets.open(row) })
    case 'service': {
      const adapter = adapters.services.get(config.service)
      const service = services.get(config.service)
      if (adapter === undefined || service === undefined) throw unknownService(config.service)
      return adapter.connect(serviceConfig(service, config.settings, readServiceSecrets(secrets.open(row))))
    }
  }
}

/** A sandbox that people have broken, to see what happens when a provider is down. */
const BROKEN: ProviderClient = {
  send: async () => ({
    outcome: 'rejected_transient',
    accountFault: true,
    reply: 'The sandbox is broken: somebody has switched it so.',
  }),
  verify: async () => ({ ok: false, detail: 'The sandbox is broken: somebody has switched it so.' }),
  close: async () => {},
}

/** What a provider's reports about an account are read with. Throws `notify.credentials_unreadable`. */
export function toReportAccount(
  adapters: Pick<Adapters, 'services'>,
  secrets: AccountSecrets,
  row: AccountRow,
): ReportAccount | undefined {
  const { config } = row
  if (config.kind !== 'service') return
  const service = services.get(config.service)
  const reader = adapters.services.get(config.service)?.reports
  if (service === undefined || reader === undefined) return
  return {
    projectId: row.project_id,
    accountId: row.provider_account_id,
    kind: service.kind,
    channel: service.channel,
    live: !row.test,
    reader,
    config: serviceConfig(service, config.settings, readServiceSecrets(secrets.open(row))),
  }
}

function unknownService(kind: string): Error {
  return appError(
    reasons,
    'notify.provider_config_invalid',
    `This version knows no provider of the kind ${kind}: start the version that the account was made with, or delete it.`,
  )
}

/** The lines that are open, one per account and revision. */
export interface Clients {
  get(row: AccountRow): ProviderClient
  close(): Promise<void>
}

export function createClients(
  connect: (row: AccountRow) => ProviderClient,
  logger: Pick<Logger, 'warn'>,
): Clients {
  const closing = new Set<Promise<void>>()
  const open = new LRUCache<string, { revision: number; client: ProviderClient }>({
    max: 1000,
    dispose: ({ client }) => {
      const closed = client
        .close()
        .catch((err: unknown) => logger.warn({ err }, 'a provider connection did not close'))
        .finally(() => closing.delete(closed))
      closing.add(closed)
    },
  })
  return {
    get(row) {
      const known = open.get(row.provider_account_id)
      // A row read before the last change must not bring the old connection back.
      if (known !== undefined && known.revision >= row.revision) return known.client
      const client = connect(row)
      open.set(row.provider_account_id, { revision: row.revision, client })
      return client
    },
    async close() {
      open.clear()
      await Promise.all(closing)
    },
  }
}
