import { type Act, recordAudit, within } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Bus,
  type Cache,
  type Clock,
  createCache,
  type Db,
  type Executor,
  fromTypeId,
  newId,
  type PageTokens,
  pageLimit,
  toTypeId,
} from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { allKinds, kindOf, newKind } from './kinds.ts'
import {
  type ClientRow,
  type ClientWithKind,
  findClient,
  findClientWithKind,
  findKind,
  insertClient,
  type KindRow,
  listClients,
  listKinds,
  updateClient,
  upsertKind,
} from './store.ts'

/** An app with all that signing in to it goes by. */
export interface AppClient extends ClientRow {
  rules: KindRow
  /** What messages call the sender. */
  senderName: string
}

export interface ClientsDeps {
  db: Db
  bus: Bus
  clock: Clock
  pageTokens: PageTokens
}

const MAX_CACHED = 10_000
const CACHE_TTL_MS = 60_000
const NOT_FOUND_TTL_MS = 2_000

export function createClients({ db, bus, clock, pageTokens }: ClientsDeps) {
  let cache: Cache<AppClient> | undefined

  const load = async (clientId: string): Promise<AppClient | undefined> => {
    const row = await findClientWithKind(db, clientId)
    return row && toAppClient(row)
  }

  const requireKind = async (executor: Executor, projectId: string, kind: string): Promise<KindRow> => {
    const found = kindOf(kind, await findKind(executor, projectId, kind))
    if (found === undefined) throw kindNotFound()
    return found
  }

  return {
    async start(): Promise<void> {
      cache = await createCache({
        name: 'identity.clients',
        maxEntries: MAX_CACHED,
        ttlMs: CACHE_TTL_MS,
        negativeTtlMs: NOT_FOUND_TTL_MS,
        load,
        ...{ db, bus, clock },
      })
    },
    stop(): void {
      cache?.close()
    },

    /** The app that a public call names, `cli_…`. Throws `identity.client_not_found` and `identity.client_disabled`. */
    async getApp(clientTypeId: string): Promise<AppClient> {
      const clientId = fromTypeId('cli', clientTypeId)
      const app = clientId === undefined ? undefined : await (cache?.get(clientId) ?? load(clientId))
      if (app === undefined) throw clientNotFound()
      if (app.disabled) {
        throw appError(
          reasons,
          'identity.client_disabled',
          'Nobody can sign in to this app: it was disabled.',
        )
      }
      return app
    },

    requireKind,

    async listKinds(projectId: string): Promise<KindRow[]> {
      return allKinds(await listKinds(db, projectId))
    },

    /** Makes or changes a kind: `change` gets the rules as they are. */
    async updateKind(
      act: Act,
      projectId: string,
      kind: string,
      change: (before: KindRow) => KindRow,
    ): Promise<KindRow> {
      const row = await within(db, act, async (tx) => {
        const changed = change((await findKind(tx, projectId, kind)) ?? newKind(kind))
        await upsertKind(tx, projectId, changed, clock.now())
        await recordAudit(tx, clock, act, { projectId, action: 'identity.kinds.update', resource: kind })
        // Every app of the kind goes by it: few, and a change is rare.
        for (const client of await listClients(tx, { projectId, beforeId: undefined, limit: MAX_CACHED })) {
          if (client.kind === kind) await cache?.invalidate(client.client_id, tx)
        }
        return changed
      })
      return row
    },

    async create(
      act: Act,
      wanted: Omit<ClientRow, 'client_id' | 'create_time' | 'disabled'>,
    ): Promise<ClientRow> {
      const row: ClientRow = {
        ...wanted,
        client_id: newId(clock),
        disabled: false,
        create_time: clock.now(),
      }
      if (row.audience === '') row.audience = `${toTypeId('prj', row.project_id)}/${row.kind}`
      await within(db, act, async (tx) => {
        await requireKind(tx, row.project_id, row.kind)
        await insertClient(tx, row)
        await recordAudit(tx, clock, act, {
          projectId: row.project_id,
          action: 'identity.clients.create',
          resource: toTypeId('cli', row.client_id),
        })
      })
      return row
    },

    async get(projectId: string, clientId: string): Promise<ClientRow> {
      const row = await findClient(db, projectId, clientId)
      if (row === undefined) throw clientNotFound()
      return row
    },

    async list(ask: { method: string; projectId: string; pageSize: number; pageToken: string }) {
      const scope = { method: ask.method, projectId: ask.projectId }
      const limit = pageLimit(ask.pageSize)
      const [beforeId] = pageTokens.read(scope, ask.pageToken) ?? []
      const rows = await listClients(db, {
        projectId: ask.projectId,
        beforeId: beforeId as string | undefined,
        limit: limit + 1,
      })
      return pageTokens.cut(scope, rows, limit, (last) => [last.client_id])
    },

    async update(
      act: Act,
      projectId: string,
      clientId: string,
      change: (before: ClientRow) => ClientRow,
    ): Promise<ClientRow> {
      return await within(db, act, async (tx) => {
        const before = await findClient(tx, projectId, clientId)
        if (before === undefined) throw clientNotFound()
        const changed = change(before)
        await updateClient(tx, changed, clock.now())
        await recordAudit(tx, clock, act, {
          projectId,
          action: 'identity.clients.update',
          resource: toTypeId('cli', clientId),
        })
        await cache?.invalidate(clientId, tx)
        return changed
      })
    },
  }
}

export type Clients = ReturnType<typeof createClients>

function toAppClient({ kind_row, project_name, ...row }: ClientWithKind): AppClient {
  const rules = kindOf(row.kind, kind_row) ?? newKind(row.kind)
  return { ...row, rules, senderName: rules.sender_name || project_name }
}

function clientNotFound(): AppError {
  return appError(
    reasons,
    'identity.client_not_found',
    'There is no app with this client id. ListClients says which there are.',
  )
}

function kindNotFound(): AppError {
  return appError(
    reasons,
    'identity.kind_not_found',
    'The project has no such kind of people. ListKinds says which there are; UpdateKind makes one.',
    { violations: [{ field: 'kind', description: 'is not a kind of the project' }] },
  )
}
