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
import { type Access, accessMigrations, accessSettings, createAccess } from '@mainstay/access'
import {
  AppError,
  createBus,
  createLogger,
  createPageTokens,
  createSealer,
  type Db,
  loadSettings,
  newTrace,
} from '@mainstay/kernel'
import {
  createFakeClock,
  type FakeClock,
  type OpenedDatabase,
  openTestDatabase,
} from '@mainstay/kernel/testing'
import {
  createLimits,
  createMemoryEngine,
  createOtpGuard,
  createProofOfWork,
  limitsMigrations,
} from '@mainstay/limits'
import { Access as AccessService } from '@mainstay/proto/access/v1'
import { rule } from '@mainstay/proto/access/v1/rule'
import { Identity as IdentityService } from '@mainstay/proto/identity/v1'
import { Accounts } from '@mainstay/proto/identity/v1/accounts'
import { type Client, Clients } from '@mainstay/proto/identity/v1/clients'
import { OtpProtection } from '@mainstay/proto/identity/v1/otp-protection'
import { Passwords } from '@mainstay/proto/identity/v1/passwords'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { type CallContext, type Implementation, nobody } from '@mainstay/rpc'
import {
  createIdentity,
  type Identity,
  type IdentityDeps,
  identityMigrations,
  identitySettings,
} from '../index.ts'

/** A code that was handed to notify. */
export interface SentCode {
  /** The phone number or email address. */
  to: string
  text: string
  code: string
  request: SendNotificationRequest
}

/** One process' worth of identity. */
export interface Process {
  identity: Identity
  access: Access
  /** Milliseconds on the lease of ended sessions, which stands still until it is moved. */
  advanceLease(ms: number): void
  /** Calls a method as rpc does: authenticate, authorise, handler. Throws what it throws. */
  call<M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']>,
    options?: CallOptions,
  ): Promise<MessageShape<M['output']>>
}

export interface CallOptions {
  /** Default: the test key of the default project for what needs one. */
  token?: string
  headers?: Record<string, string>
  clientAddress?: string
}

export interface Harness extends Process {
  readonly db: Db
  readonly clock: FakeClock
  readonly projectId: string
  /** Keys of the default project with all scopes. */
  readonly testKey: string
  readonly liveKey: string
  /** Of the first operator, signed in to the console. For test mode add `mainstay-mode`. */
  readonly operatorHeaders: Record<string, string>
  readonly sent: SentCode[]
  /** The dedupe keys of codes that were told to be used. */
  readonly used: string[]
  readonly published: { name: string; payload: unknown }[]
  /** Another process on the same database. Deaf: one whose notifications are lost. */
  open(options?: { deaf?: boolean }): Promise<Process>
  /** Registers an app of a kind, test unless said otherwise. */
  makeClient(
    kind?: string,
    more?: MessageInitShape<typeof Clients.method.createClient.input>['client'] & object,
  ): Promise<Client>
  /** Signs somebody in by a code, from nothing. */
  signIn(
    clientId: string,
    identifier?: { phone: string } | { email: string },
  ): Promise<MessageShape<typeof IdentityService.method.verifyOtp.output>>
}

const SERVICES = [AccessService, IdentityService, Accounts, Clients, OtpProtection, Passwords] as const
const logger = createLogger({ level: 'silent' })

/** Call at the top of a test file: a database, a clock that stands still, and access and identity on top of them. */
export function useIdentity(
  options: { env?: Record<string, string>; more?: Partial<IdentityDeps> } = {},
): Harness {
  const clock = createFakeClock()
  const masterKey = randomBytes(32)
  const sent: SentCode[] = []
  const used: string[] = []
  const published: Harness['published'] = []
  const ends: (() => Promise<void>)[] = []
  let opened: OpenedDatabase | undefined
  let main: Process | undefined
  const facts = { projectId: '', testKey: '', liveKey: '', operatorHeaders: {} as Record<string, string> }

  const database = (): OpenedDatabase => {
    assert.ok(opened, 'the database is there once the before hooks have run')
    return opened
  }

  async function open({ deaf = false } = {}): Promise<Process> {
    const { db, connectionString } = database()
    const bus = createBus({ connection: connectionString })
    if (!deaf) await bus.start()
    let leaseMs = 0
    const sealer = createSealer(masterKey)
    const settings = loadSettings([accessSettings, identitySettings], { ...options.env })
    const shared = { db, bus, clock, sealer, pageTokens: createPageTokens(sealer.deriveKey('page-tokens')) }
    const events = {
      publish: async (_tx: unknown, token: { name: string }, payload: unknown) =>
        void published.push({ name: token.name, payload }),
      publishMany: async (_tx: unknown, token: { name: string }, payloads: readonly unknown[]) => {
        for (const payload of payloads) published.push({ name: token.name, payload })
      },
    }
    const guard = createOtpGuard({
      ...{ db, clock, logger },
      limits: createLimits({ engine: createMemoryEngine(), clock, logger }),
      proofs: createProofOfWork(sealer.deriveKey('otp proofs'), clock),
    })
    const access = createAccess({
      ...shared,
      ...{
        events,
        logger,
        settings: settings.access,
        contracts: SERVICES,
      },
    })
    const identity = createIdentity({
      ...shared,
      ...{ events, settings: settings.identity, baseUrl: 'https://id.example', monotonicMs: () => leaseMs },
      notify: {
        send: async (request) => {
          sent.push(readSent(request))
          return {}
        },
        oneTimeCodes: {
          dearestPrice: async () => undefined,
          used: async (code) => void used.push(code.dedupeKey),
        },
      },
      guard,
      logger,
      ...options.more,
    })
    access.acceptAccounts(identity.authenticate)
    await access.start()
    await identity.start()
    ends.push(async () => {
      identity.stop()
      await access.stop()
      await bus.stop()
    })
    return {
      identity,
      access,
      advanceLease: (ms) => {
        leaseMs += ms
      },
      call: (method, request, more) => callMethod({ identity, access }, facts.testKey, method, request, more),
    }
  }

  before(async () => {
    opened = await openTestDatabase({ sets: [accessMigrations, limitsMigrations, identityMigrations] })
    main = await open()
    const { project } = await main.access.ensureBootstrap()
    facts.projectId = project.project_id
    facts.testKey = (await main.access.ensureDevKey(project.project_id)).secret
    const { createSession, createApiKey } = AccessService.method
    const { operator } = await main.access.ensureBootstrap()
    const { token } = await main.access.createSignInLink(operator.operator_id)
    const ctx = contextOf(createSession, {})
    await handle(main, createSession, { token }, ctx)
    const cookie = ctx.answerHeaders.find(([name]) => name === 'set-cookie')?.[1].split(';')[0] ?? ''
    const operatorHeaders = { cookie, 'sec-fetch-site': 'same-origin', 'mainstay-project': project.slug }
    facts.operatorHeaders = operatorHeaders
    const answer = await main.call(
      createApiKey,
      { apiKey: { displayName: 'live', mode: 2, scopes: ['*'] } },
      { headers: operatorHeaders },
    )
    facts.liveKey = answer.secret
  })
  after(async () => {
    for (const end of ends.reverse()) await end()
    await opened?.drop()
  })

  const started = (): Process => {
    assert.ok(main, 'identity is there once the before hooks have run')
    return main
  }
  return {
    get db() {
      return database().db
    },
    get identity() {
      return started().identity
    },
    get access() {
      return started().access
    },
    get projectId() {
      return facts.projectId
    },
    get testKey() {
      return facts.testKey
    },
    get operatorHeaders() {
      return facts.operatorHeaders
    },
    get liveKey() {
      return facts.liveKey
    },
    ...{ clock, sent, used, published, open },
    advanceLease: (ms) => started().advanceLease(ms),
    call: (method, request, more) => started().call(method, request, more),
    makeClient: (kind = 'customer', more = {}) =>
      started().call(Clients.method.createClient, { client: { kind, displayName: 'An app', ...more } }),
    async signIn(clientId, identifier = { phone: '+4915112345678' }) {
      const { startOtp, verifyOtp } = IdentityService.method
      const [[field, value] = ['phone', '']] = Object.entries(identifier)
      const request = { clientId, identifier: { case: field as 'phone', value } }
      const { challengeId } = await started().call(startOtp, request)
      const code = sent.at(-1)?.code ?? ''
      return await started().call(verifyOtp, { clientId, challengeId, code })
    },
  }
}

/** For assert.throws and assert.rejects. */
export function refusedWith(reason: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error))
    assert.equal(error.reason, reason)
    return true
  }
}

function readSent(request: SendNotificationRequest): SentCode {
  const { content } = request
  const text =
    content.case === 'sms' || content.case === 'email'
      ? content.value.text
      : content.case === 'whatsapp' && content.value.content.case === 'text'
        ? content.value.content.value
        : ''
  const code = (text.match(/\b(\d{6}|[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})\b/)?.[0] ?? '').replace(
    '-',
    '',
  )
  return { to: String(request.to?.target.value ?? ''), text, code, request }
}

type TestContext = CallContext & { answerHeaders: [string, string][] }

function contextOf(
  method: DescMethodUnary,
  headers: Record<string, string>,
  more: Partial<CallContext> = {},
): TestContext {
  const answerHeaders: [string, string][] = []
  return {
    ...{ caller: nobody, projectId: '', trace: newTrace(), requestId: 'req_test' },
    signal: new AbortController().signal,
    method: `${method.parent.typeName}/${method.name}`,
    ...{ protocol: 'rest', clientAddress: '192.0.2.1', deadlineMs: Number.POSITIVE_INFINITY },
    header: (name) => headers[name],
    setHeader: (name, value) => void answerHeaders.push([name, value]),
    answerHeaders,
    ...more,
  }
}

async function callMethod<M extends DescMethodUnary>(
  parts: Pick<Process, 'identity' | 'access'>,
  key: string,
  method: M,
  request: MessageInitShape<M['input']>,
  { token = key, headers = {}, clientAddress = '192.0.2.1' }: CallOptions = {},
): Promise<MessageShape<M['output']>> {
  const methodRule = getOption(method, rule)
  if (methodRule.public)
    return await handle(parts, method, request, contextOf(method, headers, { clientAddress }))
  const { cookie } = headers
  const all = cookie === undefined ? { authorization: `Bearer ${token}`, ...headers } : headers
  const caller = await parts.access.ports.authenticate(contextOf(method, all))
  const ctx = contextOf(method, all, { caller, projectId: caller.projectId ?? '', clientAddress })
  await parts.access.ports.authorise(caller, methodRule, ctx)
  return await handle(parts, method, request, ctx)
}

async function handle<M extends DescMethodUnary>(
  { identity, access }: Pick<Process, 'identity' | 'access'>,
  method: M,
  request: MessageInitShape<M['input']>,
  ctx: CallContext,
): Promise<MessageShape<M['output']>> {
  const implementations: readonly Implementation[] = [access.implementation, ...identity.implementations]
  const found = implementations
    .flatMap(({ methods }) => methods)
    .find((candidate) => candidate.method === method)
  assert.ok(found)
  const answer = await found.handle(create(method.input as DescMethodUnary['input'], request), ctx)
  return create(method.output, answer as MessageInitShape<M['output']>) as MessageShape<M['output']>
}
