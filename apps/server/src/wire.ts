import { type Access, accessMigrations, createAccess } from '@mainstay/access'
import { createIdentity, type Identity, identityMigrations } from '@mainstay/identity'
import {
  type Bus,
  createBus,
  createEvents,
  createHealth,
  createJobs,
  createMetrics,
  createPageTokens,
  createSealer,
  type Events,
  type Health,
  type Jobs,
  kernelMigrations,
  type Logger,
  loadMasterKey,
  type Metrics,
  registerDbMetrics,
  registerProcessMetrics,
  type Sealer,
  SettingsError,
  systemClock,
} from '@mainstay/kernel'
import {
  createCallLimits,
  createCaptcha,
  createLimits,
  createOtpGuard,
  createProofOfWork,
  type Limits,
  limitsMigrations,
  openLimitsEngine,
  type ProofPort,
} from '@mainstay/limits'
import { createNotify, type Notify as NotifyCapability, notifyMigrations } from '@mainstay/notify'
import { Access as AccessService } from '@mainstay/proto/access/v1'
import { Authorization as AuthorizationService } from '@mainstay/proto/access/v1/authorization'
import { Identity as IdentityService } from '@mainstay/proto/identity/v1'
import { Accounts as AccountsService } from '@mainstay/proto/identity/v1/accounts'
import { Clients as ClientsService } from '@mainstay/proto/identity/v1/clients'
import { OtpProtection as OtpProtectionService } from '@mainstay/proto/identity/v1/otp-protection'
import { Passwords as PasswordsService } from '@mainstay/proto/identity/v1/passwords'
import { Notify as NotifyService } from '@mainstay/proto/notify/v1'
import { Campaigns as CampaignsService } from '@mainstay/proto/notify/v1/campaigns'
import { Inbox as InboxService } from '@mainstay/proto/notify/v1/inbox'
import { Preferences as PreferencesService } from '@mainstay/proto/notify/v1/preferences'
import { Recipients as RecipientsService } from '@mainstay/proto/notify/v1/recipients'
import { Schedules as SchedulesService } from '@mainstay/proto/notify/v1/schedules'
import { Tracking as TrackingService } from '@mainstay/proto/notify/v1/tracking'
import { Workflows as WorkflowsService } from '@mainstay/proto/notify/v1/workflows'
import { System as SystemService } from '@mainstay/proto/system/v1'
import { createRpc, type Rpc } from '@mainstay/rpc'
import type { ServerSettings } from './config.ts'
import type { Engine } from './engine.ts'
import { reportUrls } from './report-routes.ts'
import type { Role } from './role.ts'
import { implementSystem } from './system.ts'

/** Lower in the house first. */
export const migrationSets = [
  kernelMigrations,
  accessMigrations,
  limitsMigrations,
  notifyMigrations,
  identityMigrations,
] as const

const services = [
  AccessService,
  AuthorizationService,
  NotifyService,
  RecipientsService,
  InboxService,
  SchedulesService,
  TrackingService,
  CampaignsService,
  PreferencesService,
  WorkflowsService,
  IdentityService,
  OtpProtectionService,
  PasswordsService,
  AccountsService,
  ClientsService,
  SystemService,
] as const

/** The whole program, put together and not yet running. */
export interface Program {
  bus: Bus
  events: Events
  jobs: Jobs
  health: Health
  metrics: Metrics
  access: Access
  limits: Limits
  notify: NotifyCapability
  identity: Identity
  rpc: Rpc
}

/** Hands every capability what it stands on. The one place where the parts of Mainstay meet. */
export async function wire(options: {
  role: Role
  version: string
  settings: ServerSettings
  logger: Logger
  engine: Engine
  home: string
  resolveServiceUrl?: ((url: string) => string) | undefined
}): Promise<Program> {
  const { settings, logger, engine, home } = options
  const { db } = engine
  const clock = systemClock
  const metrics = createMetrics()
  registerProcessMetrics(metrics)
  registerDbMetrics(metrics, db)
  const health = createHealth({ logger })
  const bus = createBus({ connection: engine.connectionString, logger })
  const events = createEvents({ db, bus, logger, metrics })
  const jobs = createJobs({ db, bus, logger, metrics })
  const { masterKey } = settings.kernel
  const sealer = createSealer(
    await loadMasterKey({ home, ...(masterKey ? { fromEnvironment: masterKey } : {}) }),
  )
  const pageTokens = createPageTokens(sealer.deriveKey('page tokens'))

  const access = createAccess({
    db,
    bus,
    clock,
    logger,
    sealer,
    pageTokens,
    settings: settings.access,
    contracts: services,
    events,
  })
  const limits = createLimits({ engine: await openLimitsEngine(db, settings.limits), clock, logger, metrics })
  const notify = createNotify({
    db,
    bus,
    clock,
    logger,
    metrics,
    events,
    sealer,
    pageTokens,
    settings: settings.notify,
    idempotencyTtlMs: settings.access.idempotencyTtlMs,
    publicUrl: settings.access.publicUrl,
    reportUrl: reportUrls(settings.access.publicUrl),
    resolveServiceUrl: options.resolveServiceUrl,
  })
  const guard = createOtpGuard({ db, clock, logger, limits, proofs: openProofs(settings, sealer, logger) })
  const identity = createIdentity({
    ...{ db, bus, clock, events, sealer, pageTokens, notify, guard, logger },
    settings: settings.identity,
    baseUrl: baseUrlOf(settings),
  })
  access.acceptAccounts(identity.authenticate)
  const system = implementSystem({ ...options, health, pageTokens, deadLetters: events.deadLetters })
  const rpc = createRpc({
    implementations: [
      access.implementation,
      access.authorizationImplementation,
      ...notify.implementations,
      ...identity.implementations,
      system,
    ],
    ports: { ...access.ports, limit: createCallLimits(limits, settings.limits) },
    logger,
    metrics,
    limits: settings.rpc,
  })

  jobs.cron('access.sweep', '*/10 * * * *', ({ signal }) => access.sweep(signal))
  jobs.cron('limits.sweep', '*/10 * * * *', async () => void (await limits.sweep()))
  jobs.cron('notify.maintain', '*/10 * * * *', () => notify.maintain())
  jobs.cron('identity.maintain', '*/10 * * * *', () => identity.maintain())
  jobs.cron('events.maintain', '7 * * * *', () => events.maintain())

  health.addCheck('database', () => db.query({ text: 'SELECT 1' }))
  health.addCheck('bus', () => {
    if (!bus.isConnected()) throw new Error('the notification connection is down')
  })
  return { bus, events, jobs, health, metrics, access, limits, notify, identity, rpc }
}

/** What callers prove before a code is sent, where a rule asks for it. */
function openProofs(
  { identity }: ServerSettings,
  sealer: Pick<Sealer, 'deriveKey'>,
  logger: Logger,
): ProofPort {
  const { otpProof: kind, otpCaptchaSiteKey: siteKey, otpCaptchaSecret: secret } = identity
  if (kind === 'proof_of_work') return createProofOfWork(sealer.deriveKey('otp proofs'), systemClock)
  if (siteKey !== undefined && secret !== undefined) return createCaptcha({ kind, siteKey, secret, logger })
  throw new SettingsError([
    `IDENTITY_OTP_PROOF: ${kind} needs IDENTITY_OTP_CAPTCHA_SITE_KEY and IDENTITY_OTP_CAPTCHA_SECRET`,
  ])
}

/** Where people reach us. Without MAINSTAY_PUBLIC_URL that is this machine. */
function baseUrlOf({ access, server }: ServerSettings): string {
  return access.publicUrl?.replace(/\/+$/, '') ?? `http://localhost:${server.httpPort}`
}
