import type { Bus, Clock, Db, Events, Logger, Metrics, PageTokens, Sealer, Tx } from '@mainstay/kernel'
import { messagesEnded } from './events.ts'
import { mailboxHandlers } from './mailbox/api.ts'
import { createIntake } from './mailbox/intake.ts'
import { createMailbox, type SignIn } from './mailbox/server.ts'
import type { Delivered } from './mailbox/store.ts'
import type { RequestDeps } from './messages/requests.ts'
import { providerAccountHandlers } from './provider-accounts/api.ts'
import {
  type Adapters,
  connectAccount,
  createClients,
  HTTP_CONNECTIONS,
  semanticsOf,
  toReportAccount,
} from './provider-accounts/clients.ts'
import { ensureFromSettings, ensureSandbox } from './provider-accounts/default-accounts.ts'
import {
  createAccountIndex,
  createProviderDirectory,
  type ProviderDirectory,
} from './provider-accounts/directory.ts'
import { createAccountSecrets } from './provider-accounts/secrets.ts'
import { createProviderAccounts } from './provider-accounts/service.ts'
import type { DirectorySettings } from './provider-accounts/settings.ts'
import { readSmtpSettings } from './provider-accounts/smtp-url.ts'
import type { AccountRow } from './provider-accounts/store.ts'
import type { ProviderSemantics } from './providers/adapter.ts'
import { createHttpAdapter } from './providers/http.ts'
import type { Outgoing } from './providers/outgoing.ts'
import { viewEndpointRequest, viewMail, viewServiceRequest } from './providers/request-view.ts'
import { createSandboxAdapter } from './providers/sandbox.ts'
import { createServiceAdapter } from './providers/service.ts'
import { services } from './providers/services.ts'
import { createSmtpAdapter } from './providers/smtp.ts'
import { createReportAccounts, type FindReportAccount } from './reports/accounts.ts'
import { sandboxPhoneHandlers } from './sandbox-phone/api.ts'
import { createShelf } from './sandbox-phone/shelf.ts'

export interface DirectoryDeps {
  db: Db
  bus: Bus
  clock: Clock
  logger: Logger
  metrics?: Metrics
  events: Pick<Events, 'publishMany'>
  sealer: Pick<Sealer, 'seal' | 'open'>
  pageTokens: PageTokens
  settings: DirectorySettings & { readonly deliverSendTimeoutMs: number }
  /** Where providers report about an account (uuid); empty without a public address. Default: none. */
  reportUrl?(providerAccountId: string): string
  /** See NotifyDeps. */
  resolveServiceUrl?: ((url: string) => string) | undefined
}

/** What messages are handed to: provider accounts, their lines, and the sandbox mailbox. */
export interface Directory extends ProviderDirectory {
  handlers: ReturnType<typeof providerAccountHandlers> &
    ReturnType<typeof mailboxHandlers> &
    ReturnType<typeof sandboxPhoneHandlers>
  /** The account that a provider reports about, by its uuid. Throws `notify.provider_account_not_found`. */
  findReportAccount: FindReportAccount
  /** What an account's provider promises; undefined for one that this version does not know. */
  semanticsOf(row: AccountRow): ProviderSemantics | undefined
  /** What an account is asked for a message, redacted; undefined where there is nothing to show. */
  viewRequest: RequestDeps['viewRequest']
  /** Takes mail of other programs at NOTIFY_MAILBOX_PORT, when it is set. `signIn` turns an API key into a project. */
  openMailboxPort(signIn: SignIn): Promise<void>
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { db, clock, logger, events, settings } = deps
  async function announceDelivered(tx: Tx, delivered: readonly Delivered[]): Promise<void> {
    const byProject = Map.groupBy(delivered, ({ projectId }) => projectId)
    const payloads = [...byProject].map(([projectId, messages]) => ({
      projectId,
      messageIds: messages.map(({ messageId }) => messageId),
    }))
    await events.publishMany(tx, messagesEnded, payloads)
  }
  const intake = createIntake({
    db,
    clock,
    logger,
    keep: settings.mailboxKeep,
    announceDelivered,
  })
  const mailbox = createMailbox({ intake, logger })
  const shelf = createShelf({ db, clock, logger, keep: settings.mailboxKeep, announceDelivered })
  const adapters = createAdapters(deps, { endpointFor: mailbox.endpointFor, keep: shelf.keep })
  const secrets = createAccountSecrets(deps.sealer)
  const announceChange = (tx: Tx, projectId: string): Promise<void> => index.invalidate(projectId, tx)
  const defaults = { db, clock, secrets, announceChange }
  const index = createAccountIndex({
    ...deps,
    adapters,
    ensureSandbox: (projectId) => ensureSandbox(defaults, projectId),
  })
  const connect = (row: Parameters<typeof connectAccount>[2]) => connectAccount(adapters, secrets, row)
  const directory = createProviderDirectory({
    index,
    clients: createClients(connect, logger),
    async ensureDefaults(projectId) {
      await ensureSandbox(defaults, projectId)
      await ensureFromSettings(defaults, projectId, readSmtpSettings(settings))
    },
  })
  const accounts = createProviderAccounts({ ...defaults, connect, allowPrivate: settings.httpAllowPrivate })

  return {
    ...directory,
    handlers: {
      ...providerAccountHandlers(accounts, deps.reportUrl ?? (() => '')),
      ...mailboxHandlers(db, deps.pageTokens),
      ...sandboxPhoneHandlers(db, deps.pageTokens),
    },
    findReportAccount: createReportAccounts({
      db,
      accountsOf: async (projectId) => (await index.get(projectId)).byId,
      toReportAccount: (row) => toReportAccount(adapters, secrets, row),
    }),
    semanticsOf: (row) => semanticsOf(adapters, row.config),
    async viewRequest(projectId, accountId, message) {
      const row = (await index.get(projectId)).byId.get(accountId)
      return row === undefined ? undefined : viewAccountRequest(row, message)
    },
    async openMailboxPort(signIn) {
      if (settings.mailboxPort !== 0) await mailbox.listenForOthers(settings.mailboxPort, signIn)
    },
    async close() {
      await directory.close()
      await mailbox.close()
    },
  }
}

function createAdapters(
  { settings, resolveServiceUrl }: DirectoryDeps,
  sandbox: Omit<Parameters<typeof createSandboxAdapter>[0], 'smtp'>,
): Adapters {
  const timeouts = {
    connectTimeoutMs: settings.providerConnectTimeoutMs,
    sendTimeoutMs: settings.deliverSendTimeoutMs,
  }
  const smtp = createSmtpAdapter(timeouts)
  const http = { ...timeouts, allowPrivate: settings.httpAllowPrivate, connections: HTTP_CONNECTIONS }
  return {
    smtp,
    sandbox: createSandboxAdapter({ ...sandbox, smtp }),
    http: createHttpAdapter(http),
    services: new Map(
      [...services.values()].map((service) => [
        service.kind,
        createServiceAdapter(service, {
          ...http,
          nowMs: () => Date.now(),
          ...(resolveServiceUrl === undefined ? {} : { resolveUrl: resolveServiceUrl }),
        }),
      ]),
    ),
  }
}

/** What the account as it is now is asked for a message. */
async function viewAccountRequest(
  { config, sender }: AccountRow,
  unsigned: Omit<Outgoing, 'from'>,
): Promise<string | undefined> {
  const message = { ...unsigned, from: sender } as Outgoing
  if (config.kind === 'http') return viewEndpointRequest(config.url, message)
  if (config.kind !== 'service') return viewMail(message)
  const service = services.get(config.service)
  return service === undefined ? undefined : await viewServiceRequest(service, config.settings, message)
}
