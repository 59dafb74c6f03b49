import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import {
  create,
  type DescMethodUnary,
  getOption,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import {
  AppError,
  createBus,
  createLogger,
  createPageTokens,
  createSealer,
  type Db,
  type DbOptions,
  type Executor,
  loadSettings,
  newTrace,
  type Query,
} from '@mainstay/kernel'
import {
  createFakeClock,
  type FakeClock,
  type OpenedDatabase,
  openTestDatabase,
} from '@mainstay/kernel/testing'
import { Access as AccessService } from '@mainstay/proto/access/v1'
import { Authorization } from '@mainstay/proto/access/v1/authorization'
import { rule } from '@mainstay/proto/access/v1/rule'
import { Notify } from '@mainstay/proto/notify/v1'
import { System } from '@mainstay/proto/system/v1'
import { type CallContext, nobody } from '@mainstay/rpc'
import {
  type Access,
  type AccessDeps,
  accessMigrations,
  accessSettings,
  type Bootstrap,
  createAccess,
} from '../index.ts'

/** One process' worth of access. */
export interface Process {
  access: Access
  /** Milliseconds on the key cache's own clock, which stands still until it is moved. */
  advanceLease(ms: number): void
  /** Calls a method as rpc does: authenticate, authorise, handler. */
  call<M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']>,
    headers?: Record<string, string>,
  ): Promise<MessageShape<M['output']>>
  /** Says who calls with these headers, and whether that took a promise. */
  authenticate(headers: Record<string, string>): ReturnType<Access['ports']['authenticate']>
}

export interface Harness extends Process {
  readonly db: Db
  readonly clock: FakeClock
  readonly bootstrap: Bootstrap
  /** A working test key of the default project, with all scopes. */
  readonly devKey: string
  readonly published: { name: string; payload: unknown }[]
  /** Another process on the same database, with caches of its own. Deaf: one whose notifications are lost. */
  open(options?: { deaf?: boolean; db?: Db; env?: Record<string, string> }): Promise<Process>
  /** A pool of its own on the same database; closed at the end, if not before. */
  openDb(options?: Partial<DbOptions>): Db
  /** The same database, with every statement shown to `see` first. */
  spyOn(see: (query: Query) => void): Db
  /** A signed-in operator's headers. */
  signIn(): Promise<Record<string, string>>
}

/** Call at the top of a test file: a database, a clock that stands still, and access on top of them. */
export function useAccess(options: { env?: Record<string, string> } = {}): Harness {
  const clock = createFakeClock()
  const masterKey = randomBytes(32)
  const published: Harness['published'] = []
  const ends: (() => Promise<void>)[] = []
  let opened: OpenedDatabase | undefined
  let main: Process | undefined
  let bootstrap: Bootstrap | undefined
  let devKey = ''

  const database = (): OpenedDatabase => {
    assert.ok(opened, 'the database is there once the before hooks have run')
    return opened
  }

  async function open({ deaf = false, db = database().db, env = {} } = {}): Promise<Process> {
    const bus = createBus({ connection: database().connectionString })
    if (!deaf) await bus.start()
    let leaseMs = 0
    const sealer = createSealer(masterKey)
    const deps: AccessDeps = {
      db,
      bus,
      clock,
      logger: createLogger({ level: 'silent' }),
      settings: loadSettings([accessSettings], { ...options.env, ...env }).access,
      sealer,
      pageTokens: createPageTokens(sealer.deriveKey('page-tokens')),
      contracts: [AccessService, Authorization, Notify, System],
      events: { publish: async (_tx, token, payload) => void published.push({ name: token.name, payload }) },
      monotonicMs: () => leaseMs,
    }
    const access = createAccess(deps)
    await access.start()
    ends.push(async () => {
      await access.stop()
      await bus.stop()
    })
    return {
      access,
      advanceLease: (ms) => {
        leaseMs += ms
      },
      authenticate: (headers) => access.ports.authenticate(contextOf('test/Method', headers)),
      call: (method, request, headers = {}) => callMethod(access, method, request, headers),
    }
  }

  // One hook: those of a whole file run at the same time.
  before(async () => {
    opened = await openTestDatabase({ sets: [accessMigrations] })
    main = await open()
    bootstrap = await main.access.ensureBootstrap()
    devKey = (await main.access.ensureDevKey(bootstrap.project.project_id)).secret
  })
  after(async () => {
    for (const end of ends.reverse()) await end()
    await opened?.drop()
  })

  const started = (): Process => {
    assert.ok(main, 'access is there once the before hooks have run')
    return main
  }
  return {
    get db() {
      return database().db
    },
    get access() {
      return started().access
    },
    get bootstrap() {
      assert.ok(bootstrap)
      return bootstrap
    },
    get devKey() {
      return devKey
    },
    clock,
    published,
    open,
    openDb: (more) => database().openDb(more),
    advanceLease: (ms) => started().advanceLease(ms),
    authenticate: (headers) => started().authenticate(headers),
    call: (method, request, headers) => started().call(method, request, headers),
    spyOn(see) {
      const { db } = database()
      const spy = <E extends Executor>(executor: E): E =>
        new Proxy(executor, {
          get(target, name, receiver) {
            if (name !== 'query') return Reflect.get(target, name, receiver)
            return (query: Query) => {
              see(query)
              return target.query(query)
            }
          },
        })
      const transaction: Db['transaction'] = (fn, more) => db.transaction((tx) => fn(spy(tx)), more)
      return Object.assign(Object.create(spy(db)), { transaction })
    },
    async signIn() {
      const { access } = started()
      const { token } = await access.createSignInLink((await access.ensureBootstrap()).operator.operator_id)
      const ctx = contextOf('mainstay.access.v1.Access/CreateSession', {})
      await handle(access, AccessService.method.createSession, { token }, ctx)
      const cookie = ctx.answerHeaders.find(([name]) => name === 'set-cookie')?.[1].split(';')[0]
      assert.ok(cookie)
      return { cookie, 'sec-fetch-site': 'same-origin' }
    },
  }
}

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

/** For assert.throws and assert.rejects. */
export function refusedWith(reason: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error))
    assert.equal(error.reason, reason)
    return true
  }
}

export type TestContext = CallContext & { answerHeaders: [string, string][] }

export function contextOf(
  method: string,
  headers: Record<string, string>,
  more: Partial<CallContext> = {},
): TestContext {
  const answerHeaders: [string, string][] = []
  return {
    caller: nobody,
    projectId: '',
    trace: newTrace(),
    requestId: 'req_test',
    signal: new AbortController().signal,
    method,
    protocol: 'rest',
    clientAddress: '127.0.0.1',
    deadlineMs: Number.POSITIVE_INFINITY,
    header: (name) => headers[name],
    setHeader: (name, value) => void answerHeaders.push([name, value]),
    answerHeaders,
    ...more,
  }
}

async function callMethod<M extends DescMethodUnary>(
  access: Access,
  method: M,
  request: MessageInitShape<M['input']>,
  headers: Record<string, string>,
): Promise<MessageShape<M['output']>> {
  const name = `${method.parent.typeName}/${method.name}`
  const methodRule = getOption(method, rule)
  if (methodRule.public) return await handle(access, method, request, contextOf(name, headers))
  const caller = await access.ports.authenticate(contextOf(name, headers))
  const ctx = contextOf(name, headers, { caller, projectId: caller.projectId ?? '' })
  await access.ports.authorise(caller, methodRule, ctx)
  return await handle(access, method, request, ctx)
}

async function handle<M extends DescMethodUnary>(
  access: Access,
  method: M,
  request: MessageInitShape<M['input']>,
  ctx: CallContext,
): Promise<MessageShape<M['output']>> {
  const all = [access.implementation, access.authorizationImplementation].flatMap(({ methods }) => methods)
  const found = all.find((candidate) => candidate.method === method)
  assert.ok(found)
  const answer = await found.handle(create(method.input as DescMethodUnary['input'], request), ctx)
  return create(method.output, answer as MessageInitShape<M['output']>) as MessageShape<M['output']>
}
