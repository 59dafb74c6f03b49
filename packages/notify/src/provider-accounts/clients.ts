import type { Logger } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import type { ProviderAdapter, ProviderClient, ProviderSemantics } from '../providers/adapter.ts'
import type { HttpConfig } from '../providers/http.ts'
import { SANDBOX_CONNECTIONS, type SandboxConfig } from '../providers/sandbox.ts'
import { DEFAULT_SMTP_CONNECTIONS, type SmtpConfig } from '../providers/smtp.ts'
import type { AccountConfig } from './account-config.ts'
import type { AccountSecrets } from './secrets.ts'
import type { AccountRow } from './store.ts'

/** One adapter per kind of provider. */
export interface Adapters {
  sandbox: ProviderAdapter<SandboxConfig, 'email'>
  smtp: ProviderAdapter<SmtpConfig, 'email'>
  http: ProviderAdapter<HttpConfig>
}

/** Requests under way at once to one HTTP endpoint. Measured: 64 carry 10,400 a second on loopback, 128 carry 12,500. */
export const HTTP_CONNECTIONS = 128

/** How many sends an account carries at once. */
export function concurrencyOf(config: AccountConfig): number {
  if (config.kind === 'http') return HTTP_CONNECTIONS
  return config.kind === 'sandbox' ? SANDBOX_CONNECTIONS : config.maxConnections || DEFAULT_SMTP_CONNECTIONS
}

export function semanticsOf(adapters: Adapters, kind: AccountConfig['kind']): ProviderSemantics {
  return adapters[kind].semantics
}

/** Opens a line to an account. Throws `notify.credentials_unreadable`. */
export function connectAccount(adapters: Adapters, secrets: AccountSecrets, row: AccountRow): ProviderClient {
  const { config } = row
  switch (config.kind) {
    case 'sandbox':
      return adapters.sandbox.connect({ projectId: row.project_id })
    case 'smtp':
      return adapters.smtp.connect({
        ...config,
        maxConnections: concurrencyOf(config),
        password: secrets.open(row),
      })
    case 'http':
      return adapters.http.connect({ url: config.url, bearerToken: secrets.open(row) })
  }
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
