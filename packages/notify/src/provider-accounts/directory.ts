import { type Bus, type Cache, createCache, type Db, type Metrics, type Tx } from '@mainstay/kernel'
import type { ProviderClient, ProviderSemantics } from '../providers/adapter.ts'
import { PROVIDER_CHANNELS, type ProviderChannel } from '../providers/outgoing.ts'
import { services } from '../providers/services.ts'
import type { AccountRouting } from '../routing/account-routing.ts'
import { believesReports, channelsOf, reportsNameOurs } from './account-config.ts'
import { type Adapters, type Clients, concurrencyOf, semanticsOf } from './clients.ts'
import { notFound } from './service.ts'
import { type AccountRow, listAccounts } from './store.ts'

/** A provider account as routing sees it: no configuration, no credentials. */
export interface ProviderCandidate {
  /** uuid */
  providerAccountId: string
  displayName: string
  kind: string
  channels: readonly ProviderChannel[]
  test: boolean
  /** Where messages come from: `Acme <hello@acme.example>`, `+14155550100`. */
  sender: string
  /** Lower is tried first. */
  priority: number
  /** How many sends its client carries at once in this process: an SMTP pool's connections; hundreds over HTTP. */
  concurrency: number
  semantics: ProviderSemantics
  /** Where its provider is to report; empty: nowhere. */
  reportUrl: string
  /** Its reports can tell what became of a message whose answer was lost. */
  reportsSettle: boolean
  /** Whether it knows addresses of this form. Absent: all of the channel's. */
  takes?: ((to: string) => boolean) | undefined
  /** Absent: nothing was decided about its part in routing. */
  routing?: AccountRouting
}

/** Those that know addresses of this form: not every push service knows every device. */
export function takersOf(candidates: readonly ProviderCandidate[], to: string): readonly ProviderCandidate[] {
  if (candidates.every(({ takes }) => takes === undefined)) return candidates
  return candidates.filter(({ takes }) => takes === undefined || takes(to))
}

/** Finds provider accounts and holds the open lines to them. One per process. */
export interface ProviderDirectory {
  /**
   * The enabled accounts that may carry a project's live or test messages, by priority, then age. Cached; a change
   * is seen in every process within a second.
   */
  candidates(
    projectId: string,
    live: boolean,
    channel: ProviderChannel,
  ): Promise<readonly ProviderCandidate[]>
  /**
   * The open line to an account, made at first use and shared by all sends of this process; replaced when the
   * account changes. Throws `notify.provider_account_not_found` and `notify.credentials_unreadable`.
   */
  clientFor(projectId: string, providerAccountId: string): Promise<ProviderClient>
  /**
   * For the default project, at every start: makes its sandbox, and its SMTP account what the settings say. Other projects
   * get their sandbox when it is first looked for.
   */
  ensureDefaults(projectId: string): Promise<void>
  /** Closes every line, letting sends under way end. */
  close(): Promise<void>
}

/** Changes are heard of at once; this bounds what a lost word could do. */
const TTL_MS = 30_000

interface ProjectAccounts {
  byId: ReadonlyMap<string, AccountRow>
  live: CandidatesByChannel
  test: CandidatesByChannel
}

type CandidatesByChannel = Readonly<Record<ProviderChannel, readonly ProviderCandidate[]>>

export interface AccountIndexDeps {
  db: Db
  /** Started before the first call. */
  bus: Bus
  metrics?: Metrics
  adapters: Adapters
  /** Where providers report about an account; empty without a public address. Default: none. */
  reportUrl?(providerAccountId: string): string
  /** Makes the sandbox of a project that has none. */
  ensureSandbox(projectId: string): Promise<void>
}

/** A project's accounts, ready for routing, kept until they change. */
export function createAccountIndex({
  db,
  bus,
  metrics,
  adapters,
  reportUrl = () => '',
  ensureSandbox,
}: AccountIndexDeps): AccountIndex {
  async function load(projectId: string): Promise<ProjectAccounts> {
    let rows = await listAccounts(db, projectId)
    if (!rows.some((row) => row.kind === 'sandbox')) {
      await ensureSandbox(projectId)
      rows = await listAccounts(db, projectId)
    }
    const enabled = rows.filter((row) => row.enabled)
    const candidates = enabled.flatMap((row) => toCandidate(row, adapters, reportUrl) ?? [])
    return {
      byId: new Map(rows.map((row) => [row.provider_account_id, row])),
      live: byChannel(candidates.filter((candidate) => !candidate.test)),
      test: byChannel(candidates.filter((candidate) => candidate.test)),
    }
  }
  let opening: Promise<Cache<ProjectAccounts>> | undefined
  /** At first use: it listens to the bus, which is started after everything is put together. */
  function open(): Promise<Cache<ProjectAccounts>> {
    opening ??= createCache<ProjectAccounts>({
      name: 'notify.provider_accounts',
      maxEntries: 5000,
      ttlMs: TTL_MS,
      load,
      db,
      bus,
      ...(metrics === undefined ? {} : { metrics }),
    }).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    get: async (projectId) => (await (await open()).get(projectId)) ?? NO_ACCOUNTS,
    invalidate: async (projectId, tx) => (await open()).invalidate(projectId, tx),
    async close() {
      const cache = await opening
      cache?.close()
    },
  }
}

const NO_ACCOUNTS: ProjectAccounts = { byId: new Map(), live: byChannel([]), test: byChannel([]) }

function byChannel(candidates: readonly ProviderCandidate[]): CandidatesByChannel {
  const carrying = (channel: ProviderChannel) =>
    candidates.filter((candidate) => candidate.channels.includes(channel))
  return Object.fromEntries(
    PROVIDER_CHANNELS.map((channel) => [channel, carrying(channel)]),
  ) as unknown as CandidatesByChannel
}

export interface AccountIndex {
  get(projectId: string): Promise<ProjectAccounts>
  /** Forgets a project in every process once `tx` has committed. */
  invalidate(projectId: string, tx: Tx): Promise<void>
  close(): Promise<void>
}

export function createProviderDirectory(deps: {
  index: AccountIndex
  clients: Clients
  ensureDefaults(projectId: string): Promise<void>
}): ProviderDirectory {
  const { index, clients } = deps
  return {
    async candidates(projectId, live, channel) {
      return (await index.get(projectId))[live ? 'live' : 'test'][channel]
    },
    async clientFor(projectId, providerAccountId) {
      const row = (await index.get(projectId)).byId.get(providerAccountId)
      if (row === undefined) throw notFound()
      return clients.get(row)
    },
    ensureDefaults: deps.ensureDefaults,
    async close() {
      await index.close()
      await clients.close()
    },
  }
}

/** Undefined for a service that this version does not know: a newer one's. */
function toCandidate(
  row: AccountRow,
  adapters: Adapters,
  reportUrl: (providerAccountId: string) => string,
): ProviderCandidate | undefined {
  const semantics = semanticsOf(adapters, row.config)
  if (semantics === undefined) return
  const url = believesReports(row.config) ? reportUrl(row.provider_account_id) : ''
  return {
    providerAccountId: row.provider_account_id,
    displayName: row.display_name,
    kind: row.config.kind === 'service' ? row.config.service : row.kind,
    channels: channelsOf(row.config),
    test: row.test,
    sender: row.sender,
    priority: row.priority,
    concurrency: concurrencyOf(row.config),
    semantics,
    reportUrl: url,
    reportsSettle: url !== '' && reportsNameOurs(row.config),
    takes: row.config.kind === 'service' ? services.get(row.config.service)?.takes : undefined,
    routing: row.routing,
  }
}
