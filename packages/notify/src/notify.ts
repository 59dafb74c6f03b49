import { createRecipientTokens } from '@mainstay/access'
import type { Bus, Clock, Db, Events, Logger, Metrics, PageTokens, Sealer } from '@mainstay/kernel'
import type { Implementation } from '@mainstay/rpc'
import { createCategoryLookup } from './accept/categories.ts'
import { createRecipientLookup } from './accept/recipients.ts'
import { createSend, type Send } from './accept/send.ts'
import { createWriter } from './accept/writer.ts'
import { implementNotify } from './api.ts'
import { deleteOldAttachments } from './attachments/store.ts'
import { implementCampaigns } from './campaigns/api.ts'
import { createPlans } from './campaigns/plans.ts'
import { createProgress } from './campaigns/progress.ts'
import { createRunner } from './campaigns/runner.ts'
import { createCampaigns } from './campaigns/service.ts'
import { dropOldPeople } from './campaigns/sweep-store.ts'
import { createWatchCampaign } from './campaigns/watch.ts'
import type { NotifySettings } from './config.ts'
import { createDeliverer } from './deliver/deliverer.ts'
import { createDirectory } from './directory.ts'
import { createEnqueuedAccept } from './enqueue/accept.ts'
import { createTaker } from './enqueue/taker.ts'
import { createInbox } from './inbox/inbox.ts'
import type { SignIn } from './mailbox/server.ts'
import { createMarkMessageSeen } from './messages/mark-seen.ts'
import { createMessages } from './messages/service.ts'
import { type MaintenanceReport, maintainLedger, makePartitions } from './partitions.ts'
import { implementPreferences } from './preferences/api.ts'
import { createPreferenceLinks } from './preferences/links.ts'
import { createMailLinks } from './preferences/mail-links.ts'
import { createPreferencePages, type PreferencePages } from './preferences/page/pages.ts'
import { createPreferences } from './preferences/service.ts'
import { createPreferenceTokens } from './preferences/tokens.ts'
import { recipientHandlers } from './recipients/api.ts'
import { forgetDead } from './recipients/dead-devices.ts'
import { implementPeople } from './recipients/people-api.ts'
import { createRecipients } from './recipients/service.ts'
import { createTimezones } from './recipients/timezones.ts'
import { createReportIntake } from './reports/intake.ts'
import { createReportMetrics } from './reports/metrics.ts'
import { createReportReceiver, type ReportReceiver } from './reports/receive.ts'
import { deleteOldReports } from './reports/retention.ts'
import { createSettler } from './reports/settler.ts'
import { routingHandlers } from './routing/api.ts'
import { measureRates } from './routing/measure.ts'
import { createOneTimeCodes, type OneTimeCodes } from './routing/one-time-codes.ts'
import { createRoutingService } from './routing/service.ts'
import { createSharedBreakers } from './routing/shared-breakers.ts'
import { createRoutingTables } from './routing/table.ts'
import { implementSchedules } from './schedules/api.ts'
import { createSchedules } from './schedules/service.ts'
import { createScheduleWorker } from './schedules/worker.ts'
import { suppressionHandlers } from './suppressions/api.ts'
import { templateHandlers } from './templates/api.ts'
import { createTemplates } from './templates/service.ts'
import { implementTracking } from './tracking/api.ts'
import { createTrackingReceiver, type TrackingReceiver } from './tracking/receiver.ts'
import { createTrackingTokens } from './tracking/tokens.ts'
import { createTracker } from './tracking/tracker.ts'
import { createWakeUp } from './wake-up.ts'
import { createWatch } from './watch/watch.ts'
import { createWorkflowPart } from './workflows/workflows.ts'

export interface NotifyDeps {
  db: Db
  bus: Bus
  events: Events
  clock: Clock
  logger: Logger
  metrics: Metrics
  sealer: Pick<Sealer, 'seal' | 'open' | 'deriveKey'>
  pageTokens: PageTokens
  settings: NotifySettings
  /** How long an idempotency key is kept, in milliseconds: access's setting, since the keys are its own. */
  idempotencyTtlMs: number
  /** Where recipients reach this installation, `https://…`. Without it mails do not tell when they are opened. */
  publicUrl?: string | undefined
  /** Where providers report about an account (uuid); empty without a public address. Default: none. */
  reportUrl?(providerAccountId: string): string
  /** Where a service's own address is found instead, for benchmarks and tests whose peers stand in for services. Default: nowhere. */
  resolveServiceUrl?: ((url: string) => string) | undefined
}

/** Tells people things, once, and keeps the ledger of it. */
export interface Notify {
  /** For `createRpc`: each of the capability's services. */
  implementations: readonly Implementation[]
  /** Makes partitions and listens for changes. Before anything is accepted. */
  start(): Promise<void>
  /** Stores what callers wait for, ends streams, closes lines. After the last call and the worker's stop. */
  stop(): Promise<void>
  /** The deliveries of this process. */
  worker: { start(): Promise<void>; stop(): Promise<void> }
  /** Stores a notification as SendNotification does, for other parts of the program. What the contract's rules refuse is theirs to keep. */
  send: Send
  /** For whoever sends one-time codes. */
  oneTimeCodes: OneTimeCodes
  /** Makes what every project has: the sandbox account, and the SMTP account of the settings. */
  ensureDefaults(projectId: string): Promise<void>
  /** What providers tell later about messages that they took. */
  reports: ReportReceiver
  /** What links and pictures in mails lead to. */
  tracking: TrackingReceiver
  /** What people reach by the links to their preferences. */
  preferencePages: PreferencePages
  /** Takes mail of other programs at NOTIFY_MAILBOX_PORT, when it is set. */
  openMailboxPort(signIn: SignIn): Promise<void>
  /** Partitions and retention; for a job every ten minutes or so. */
  maintain(): Promise<MaintenanceReport>
}

const DAY_MS = 86_400_000

export function createNotify(deps: NotifyDeps): Notify {
  const { db, bus, clock, logger, metrics, settings, pageTokens } = deps
  const wakeUp = createWakeUp({ bus, db, logger })
  const templates = createTemplates({ db, bus, clock })
  const directory = createDirectory(deps)
  const tables = createRoutingTables({ db, bus, metrics })
  const watch = createWatch({
    db,
    clock,
    pollIntervalMs: settings.watchPollIntervalMs,
    heartbeatMs: settings.watchHeartbeatMs,
  })
  const writer = createWriter({
    db,
    clock,
    batchSize: settings.acceptBatchSize,
    queueSize: settings.acceptQueueSize,
    idempotencyTtlMs: deps.idempotencyTtlMs,
    metrics,
    onCommit() {
      wakeUp.workers()
      watch.hint()
      deps.events.wake()
    },
  })
  const { publicUrl } = deps
  const preferenceTokens = createPreferenceTokens(deps.sealer.deriveKey('notify preferences'))
  const links = publicUrl === undefined ? undefined : createPreferenceLinks(preferenceTokens, publicUrl)
  const findRecipient = createRecipientLookup(db)
  const findCategory = createCategoryLookup(db)
  const finders = { findRecipient, findCategory, hasLinks: links !== undefined }
  const send = createSend({ db, writer, clock, settings, directory, renderer: templates, ...finders })
  const tokens = createTrackingTokens(deps.sealer.deriveKey('notify tracking'))
  const plans = createPlans(db, templates)
  const messages = createMessages({
    db,
    clock,
    pageTokens,
    requests: { renderer: plans, viewRequest: directory.viewRequest },
    wake() {
      wakeUp.workers()
      watch.hint()
    },
  })
  const deliverer = createDeliverer({
    db,
    directory,
    renderer: plans,
    ...(publicUrl !== undefined && { track: createTracker({ db, tokens, publicUrl }) }),
    ...(links !== undefined && { findMailLinks: createMailLinks(links) }),
    clock,
    logger,
    metrics,
    settings,
    routing: { tables, breakers: createSharedBreakers({ db, clock, tables }) },
    bus: wakeUp,
    onChanged() {
      watch.hint()
      deps.events.wake()
    },
  })
  const onReported = (): void => {
    watch.hint()
    deps.events.wake()
  }
  const tracking = createTrackingReceiver({ db, clock, logger, tokens, onChanged: onReported })
  const reportMetrics = createReportMetrics(metrics)
  const intake = createReportIntake({ db, clock, onChanged: onReported, onDropped: reportMetrics.dropped })
  const reports = createReportReceiver({
    clock,
    logger,
    metrics: reportMetrics,
    findAccount: directory.findReportAccount,
    intake,
  })
  const taker = createTaker({ db, bus, clock, logger, metrics, accept: createEnqueuedAccept(send) })
  const settler = createSettler({ db, clock, logger, onChanged: onReported })
  const timezones = createTimezones(db)
  const recipients = createRecipients({ db, clock, timezones })
  const campaigns = createCampaigns({
    ...{ db, bus, clock, plans, settings, directory, findCategory, renderer: templates },
    hasLinks: links !== undefined,
    subjectOf: async (projectId, { name, version }) =>
      (await templates.get(projectId, name, version)).subject,
  })
  const progress = createProgress({ db, clock })
  const watchCampaign = createWatchCampaign({ campaigns, progress })
  const runner = createRunner({
    ...{ db, bus, clock, logger, plans, ahead: settings.campaignAhead },
    onChanged() {
      wakeUp.workers()
      onReported()
    },
  })
  const workflows = createWorkflowPart({
    ...{ db, bus, clock, logger, metrics, pageTokens, send, findCategory },
    events: deps.events,
    renderer: templates,
    onChanged: onReported,
  })
  const scheduleWorker = createScheduleWorker({ db, clock, logger, send, startWorkflow: workflows.start })
  const schedules = createSchedules({ db, clock, timezones, onChanged: scheduleWorker.wake })
  const preferences = createPreferences({ db, clock, directory })
  const preferencePages = createPreferencePages({ db, clock, tokens: preferenceTokens, preferences })
  const markMessageSeen = createMarkMessageSeen({ db, clock, messages, onChanged: onReported })
  const inbox = createInbox({
    ...{ db, wakeUp, bus, clock, logger, pageTokens, renderer: plans, settings },
    recipientTokens: createRecipientTokens(deps.sealer, clock),
    onMessagesChanged: onReported,
  })
  const partitions = { db, clock, logger, settings }
  const others = {
    ...templateHandlers(templates, pageTokens),
    ...recipientHandlers(recipients),
    ...suppressionHandlers({ db, clock, pageTokens }),
    ...directory.handlers,
    ...routingHandlers({
      ...{ db, messages, pageTokens, semanticsOf: directory.semanticsOf },
      routing: createRoutingService({ db, clock, tables }),
    }),
  }
  return {
    implementations: [
      implementNotify({ db, clock, send, messages, markMessageSeen, watch, others }),
      implementTracking({ db, clock }),
      implementCampaigns({ db, pageTokens, timezones, campaigns, progress, watch: watchCampaign, send }),
      workflows.implementation,
      implementSchedules({ schedules, pageTokens }),
      inbox.implementation,
      implementPreferences({ db, clock, pageTokens, timezones, preferences, links }),
      implementPeople({ db, clock, pageTokens, recipients }),
    ],
    async start() {
      await makePartitions(partitions)
      await templates.start()
      await inbox.start()
    },
    async stop() {
      watch.stop()
      watchCampaign.stop()
      await inbox.stop()
      await writer.drain()
      await intake.idle()
      await tracking.idle()
      await wakeUp.stop()
      await templates.stop()
      await directory.close()
      await tables.close()
    },
    worker: {
      async start() {
        await deliverer.start()
        settler.start()
        await inbox.courier.start()
        await taker.start()
        await runner.start()
        await workflows.worker.start()
        scheduleWorker.start()
      },
      async stop() {
        await Promise.all([workflows.worker.stop(), scheduleWorker.stop()])
        await Promise.all([
          runner.stop(),
          taker.stop(),
          deliverer.stop(),
          settler.stop(),
          inbox.courier.stop(),
        ])
      },
    },
    send,
    oneTimeCodes: createOneTimeCodes(db, tables),
    reports,
    tracking,
    preferencePages,
    ensureDefaults: (projectId) => directory.ensureDefaults(projectId),
    openMailboxPort: (signIn) => directory.openMailboxPort(signIn),
    async maintain() {
      await deleteOldAttachments(db, clock.now())
      await deleteOldReports({ db, clock, settings })
      await inbox.maintain()
      await dropOldPeople(db, new Date(clock.nowMs() - settings.retentionDays * 86_400_000))
      await measureRates(db, clock)
      await forgetDead(db, clock.now())
      await workflows.forgetBefore(new Date(clock.nowMs() - settings.retentionDays * DAY_MS))
      return maintainLedger(partitions)
    },
  }
}
