import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homeFolder, type Logger } from '@mainstay/kernel'
import { type GrpcServer, registerDocs } from '@mainstay/rpc'
import type { FastifyInstance } from 'fastify'
import type { Banner } from './banner.ts'
import { closeGrpc } from './close-grpc.ts'
import { closeHttp } from './close-http.ts'
import type { ServerSettings } from './config.ts'
import { serveConsole } from './console-files.ts'
import { readDevKey, writeDevKey } from './dev-key.ts'
import type { Engine } from './engine.ts'
import { freeStartMemory } from './free-start-memory.ts'
import { createHttp, serveHealth } from './http.ts'
import { serveKeys } from './key-routes.ts'
import { listening } from './listen.ts'
import { createMailboxSignIn } from './mailbox-sign-in.ts'
import { servePreferences } from './preference-routes.ts'
import { logProgress, type Progress } from './progress.ts'
import { serveReports } from './report-routes.ts'
import type { Role } from './role.ts'
import { setUpDatabase } from './set-up-database.ts'
import { serveTracking } from './tracking-routes.ts'
import { version } from './version.ts'
import { type Program, wire } from './wire.ts'

const errorsFolder = fileURLToPath(new URL('../../../docs/errors/', import.meta.url))

export interface ServerOptions {
  role: Role
  settings: ServerSettings
  logger: Logger
  /** How to tell of what takes long. Default: a line in the log. */
  progress?: Progress
  /** Where a provider's own address is found instead, for benchmarks whose peers stand in for providers. Default: nowhere. */
  resolveServiceUrl?: (url: string) => string
}

/** A running Mainstay. */
export interface Server {
  /** What to tell the person who started it. */
  readonly banner: Banner
  readonly httpUrl: string
  readonly program: Program
  /** Settles when the embedded PostgreSQL ends by itself. */
  readonly failed: Promise<Error>
  /** Stops accepting, finishes what is under way, and stops the database. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts everything in order, from the database up, and returns once calls are answered. When a step fails, the steps
 * before it are undone.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const undo: (() => Promise<unknown>)[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= undoAll(undo)
    return stopping
  }
  try {
    return await start(options, undo, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  { role, settings, logger, progress = logProgress(logger), resolveServiceUrl }: ServerOptions,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Server> {
  const home = homeFolder(settings.kernel)
  const engine = await setUpDatabase(settings, logger, progress)
  undo.push(() => engine.stop())
  const program = await wire({ role, version, settings, logger, engine, home, resolveServiceUrl })
  const { bus, events, jobs, access, limits, notify, identity, health } = program
  await bus.start()
  undo.push(() => bus.stop())
  undo.push(() => limits.close())
  await access.start()
  undo.push(() => access.stop())
  const { project, operator } = await access.ensureBootstrap()
  await notify.ensureDefaults(project.project_id)
  await notify.start()
  undo.push(() => notify.stop())
  await identity.start()
  undo.push(async () => identity.stop())

  freeStartMemory()
  if (role !== 'api') {
    await events.start()
    undo.push(() => events.stop())
    await jobs.start({ work: true })
    undo.push(() => jobs.stop())
    await notify.worker.start()
    undo.push(() => notify.worker.stop())
    const { mailboxPort } = settings.notify
    await listening('The mailbox', 'NOTIFY_MAILBOX_PORT', mailboxPort, () =>
      notify.openMailboxPort(createMailboxSignIn(access)),
    )
  }
  const http = createHttp(settings.rpc)
  serveHealth(http, health, program.metrics)
  if (role !== 'worker') {
    program.rpc.registerHttp(http)
    const { publicUrl } = settings.access
    serveReports(http, { reports: notify.reports, publicUrl, logger })
    serveTracking(http, notify.tracking)
    servePreferences(http, notify.preferencePages)
    serveKeys(http, identity)
    registerDocs(http, { errorsFolder })
  }
  const hasConsole = role !== 'worker' && serveConsole(http)
  const { drainTimeoutMs } = settings.server
  const grpc = role === 'worker' ? undefined : program.rpc.createGrpcServer()
  const httpUrl = await listen(http, settings)
  // Both at once: one drain time holds for the two of them.
  undo.push(() => Promise.all([closeHttp(http, drainTimeoutMs), grpc && closeGrpc(grpc, drainTimeoutMs)]))
  const grpcAddress = grpc && (await listenGrpc(grpc, settings))
  undo.push(async () => health.drain())

  const publicUrl = settings.access.publicUrl?.replace(/\/+$/, '') ?? httpUrl
  const link = hasConsole ? await access.createSignInLink(operator.operator_id) : undefined
  const banner: Banner = {
    version,
    role,
    // From the start of the process: loading the program is part of what a person waits for.
    startedInMs: performance.now(),
    consoleUrl: hasConsole ? publicUrl : undefined,
    signInLink: link && `${publicUrl}/sign-in#token=${link.token}`,
    apiUrl: role === 'worker' ? undefined : publicUrl,
    grpcAddress,
    database: describeDatabase(engine, home),
    apiKey:
      engine.embedded && role !== 'worker' ? await keepDevKey(program, home, project.project_id) : undefined,
  }
  const failed = engine.embedded
    ? engine.embedded.ended.then(() => new Error('the embedded PostgreSQL ended'))
    : new Promise<Error>(() => undefined)
  return { banner, httpUrl, program, failed, stop }
}

/** The last step that was done is the first to be undone; one that fails does not keep the others from their turn. */
async function undoAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of undo.splice(0).reverse()) {
    await step().catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the server did not stop cleanly')
}

async function listen(http: FastifyInstance, settings: ServerSettings): Promise<string> {
  const { httpHost: host, httpPort: port } = settings.server
  await listening('The API', 'HTTP_PORT', port, () => http.listen({ host, port }))
  return urlOf('http', host, http.server.address() as AddressInfo)
}

async function listenGrpc(grpc: GrpcServer, settings: ServerSettings): Promise<string> {
  const { grpcHost: host, grpcPort: port } = settings.server
  await listening('gRPC', 'GRPC_PORT', port, () => grpc.listen({ host, port }))
  return urlOf('', host, grpc.address()).replace('://', '')
}

function urlOf(scheme: string, host: string, { port, family }: AddressInfo): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${scheme}://${family === 'IPv6' && shown.includes(':') ? `[${shown}]` : shown}:${port}`
}

function describeDatabase({ embedded, version: postgres }: Engine, home: string): string {
  return embedded
    ? `PostgreSQL ${postgres} in ${join(home, 'postgres')}`
    : `PostgreSQL ${postgres} at DATABASE_URL`
}

async function keepDevKey({ access }: Program, home: string, projectId: string): Promise<string> {
  const key = await access.ensureDevKey(projectId, readDevKey(home))
  if (key.created) await writeDevKey(home, key.secret)
  return key.secret
}
