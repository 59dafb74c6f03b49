import { type Clock, createLogger, createMetrics, type Db, systemClock } from '@mainstay/kernel'
import { createDeliverer, type Deliverer, type DelivererDeps } from '../deliver/deliverer.ts'
import { type DeliverSettings, deliverSettings } from '../deliver/settings.ts'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import type { LookupResult, ProviderClient, ProviderResult } from '../providers/adapter.ts'
import type { Outgoing } from '../providers/outgoing.ts'
import { SMTP_SEMANTICS } from '../providers/smtp.ts'
import type { ContentRenderer } from '../rendering.ts'

/** The settings' defaults, with waits as short as tests want them. */
export function testDeliverSettings(changes: Partial<DeliverSettings> = {}): DeliverSettings {
  const defaults = Object.fromEntries(
    Object.entries(deliverSettings).map(([key, spec]) => [key, spec.default]),
  )
  return {
    ...(defaults as unknown as DeliverSettings),
    deliverConcurrency: 64,
    deliverPollIntervalMs: 20,
    deliverNoProviderRetryMs: 50,
    otpRetryBaseMs: 5,
    transactionalRetryBaseMs: 5,
    bulkRetryBaseMs: 5,
    ...changes,
  }
}

export type Answer = (email: Outgoing, signal: AbortSignal) => ProviderResult | Promise<ProviderResult>

export const accept: Answer = () => ({ outcome: 'accepted', reply: '250 ok' })

/** A provider account whose provider answers as the test says. */
export interface ScriptedAccount extends ProviderCandidate {
  answer: Answer
  /** What it says of a message whose answer was lost. */
  lookup?: () => Promise<LookupResult>
  /** Every email handed to it, in order. */
  sent: Outgoing[]
}

export function scriptAccount(
  answer: Answer = accept,
  changes: Partial<ProviderCandidate> & { number?: number } = {},
): ScriptedAccount {
  const { number = 1, ...rest } = changes
  return {
    providerAccountId: `01980000-0000-7000-8000-0000000000a${number}`,
    displayName: `account ${number}`,
    kind: 'scripted',
    sender: 'Test <test@example.com>',
    priority: number,
    concurrency: 100,
    semantics: SMTP_SEMANTICS,
    channels: ['email'],
    test: false,
    reportUrl: '',
    reportsSettle: false,
    answer,
    sent: [],
    ...rest,
  }
}

/** A directory of scripted accounts, the same for every project. */
export function scriptDirectory(accounts: readonly ScriptedAccount[]): DelivererDeps['directory'] {
  const clients = new Map(accounts.map((account) => [account.providerAccountId, clientOf(account)]))
  return {
    candidates: async () => accounts,
    async clientFor(_projectId, accountId) {
      const client = clients.get(accountId)
      if (client === undefined) throw new Error(`There is no account ${accountId}`)
      return client
    },
  }
}

function clientOf(account: ScriptedAccount): ProviderClient {
  return {
    async send(email, signal) {
      account.sent.push(email)
      return await account.answer(email, signal)
    },
    lookup: async () => (await account.lookup?.()) ?? { outcome: 'unknown', reply: 'nobody knows' },
    verify: async () => ({ ok: true, detail: '' }),
    close: async () => {},
  }
}

export interface TestWorkerOptions {
  accounts?: readonly ScriptedAccount[]
  directory?: DelivererDeps['directory']
  settings?: Partial<DeliverSettings>
  clock?: Clock
  renderer?: ContentRenderer
  track?: DelivererDeps['track']
  bus?: DelivererDeps['bus']
  routing?: DelivererDeps['routing']
  /** Another way to the same database. */
  db?: Db
}

/** A worker over scripted accounts, not yet started. */
export function createTestWorker(db: Db, options: TestWorkerOptions = {}): Deliverer {
  return createDeliverer({
    db: options.db ?? db,
    directory: options.directory ?? scriptDirectory(options.accounts ?? [scriptAccount()]),
    renderer: options.renderer ?? {
      render: async () => ({ email: { subject: 'Rendered', text: 'Rendered', html: '' } }),
    },
    clock: options.clock ?? systemClock,
    logger: createLogger({ level: 'fatal' }),
    metrics: createMetrics(),
    settings: testDeliverSettings(options.settings),
    ...(options.track === undefined ? {} : { track: options.track }),
    ...(options.bus === undefined ? {} : { bus: options.bus }),
    ...(options.routing === undefined ? {} : { routing: options.routing }),
  })
}
