import { randomBytes } from 'node:crypto'
import { after, afterEach, before } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Bus,
  type Clock,
  createBus,
  createLogger,
  createPageTokens,
  type Db,
  fromTypeId,
  systemClock,
  toTypeId,
} from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import {
  type CampaignProgress,
  CampaignSchema,
  type CampaignState,
  ImportCampaignRecipientsRequestSchema,
  ListCampaignProblemsRequestSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import { createCategoryLookup } from '../accept/categories.ts'
import { createLists } from '../campaigns/list.ts'
import { createPlans } from '../campaigns/plans.ts'
import { createProgress } from '../campaigns/progress.ts'
import { createRunner } from '../campaigns/runner.ts'
import { type CampaignCaller, createCampaigns } from '../campaigns/service.ts'
import type { Deliverer } from '../deliver/deliverer.ts'
import { createTimezones } from '../recipients/timezones.ts'
import { createTemplates } from '../templates/service.ts'
import { ledgerMigrations, TEST_PROJECT } from './ledger.ts'
import { createTestWorker, type ScriptedAccount, scriptAccount, scriptDirectory } from './worker.ts'

export type CampaignInit = MessageInitShape<typeof CampaignSchema>

/** Writes recipients `<prefix>0`, `<prefix>1` … with an email address each, in one statement. */
export async function addRecipients(
  db: Db,
  count: number,
  { prefix = 'r', projectId = TEST_PROJECT }: { prefix?: string; projectId?: string } = {},
): Promise<void> {
  await db.query({
    text: `INSERT INTO notify.recipients (project_id, recipient_id, email, create_time, update_time)
      SELECT $1, $2 || lpad(n::text, 7, '0'), $2 || n || '@example.com', now(), now() FROM generate_series(0, $3 - 1) AS n`,
    values: [projectId, prefix, count],
  })
}

export const ALL_OF_THEM = {
  displayName: 'Spring',
  content: { content: { case: 'email', value: { subject: 'Hello', text: 'Hello there' } } },
  audience: { audience: { case: 'allRecipients', value: true } },
} as const satisfies CampaignInit

/**
 * Call inside `describe`: a database, the service of campaigns, and as many runners and workers as a test starts; they are stopped
 * after each test, and every row is gone.
 */
export function useCampaigns() {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const running: { stop(): Promise<void> }[] = []
  const logger = createLogger({ level: 'fatal' })
  let bus: Bus
  let account: ScriptedAccount
  let others: ScriptedAccount[] = []
  let made: ReturnType<typeof assemble>

  function assemble() {
    const { db } = database
    const templates = createTemplates({ db, bus, clock: systemClock })
    const plans = createPlans(db, templates)
    const campaigns = createCampaigns({
      ...{ db, bus, clock: systemClock, plans, renderer: templates },
      settings: { bulkTtlMs: 3_600_000, bulkUnknownPolicy: 'at_most_once' },
      directory: { candidates: async () => [account, ...others] },
      findCategory: createCategoryLookup(db),
      hasLinks: true,
      subjectOf: async (projectId, { name, version }) =>
        (await templates.get(projectId, name, version)).subject,
    })
    const progress = createProgress({ db, clock: systemClock })
    const pageTokens = createPageTokens(randomBytes(32))
    const lists = createLists({ db, pageTokens, campaigns, timezones: createTimezones(db) })
    return { templates, plans, campaigns, progress, lists }
  }

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()))
    await database.db.query({
      text: `TRUNCATE notify.campaigns, notify.campaign_chunks, notify.campaign_recipients, notify.campaign_counts,
        notify.campaign_totals, notify.campaign_points, notify.campaign_paces, notify.campaign_rows, notify.campaign_refusals,
        notify.messages, notify.notifications, notify.delivery_queue, notify.delivery_attempts, notify.message_notes,
        notify.suppressions, notify.segments, notify.categories, notify.contact_settings, notify.preferences,
        notify.frequency_counts, notify.topics CASCADE`,
    })
    await database.db.query({ text: 'TRUNCATE notify.recipients CASCADE' })
    account = scriptAccount()
    others = []
  })
  after(async () => {
    await made?.templates.stop()
    await bus.stop()
  })

  const act: CampaignCaller = {
    actor: 'key_test',
    requestId: 'req_test',
    projectId: TEST_PROJECT,
    testMode: false,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  }

  const harness = {
    act,
    get db(): Db {
      return database.db
    },
    get parts() {
      account ??= scriptAccount()
      made ??= assemble()
      return made
    },
    get account(): ScriptedAccount {
      account ??= scriptAccount()
      return account
    },
    /** A further account that could carry the messages; for this test. */
    addAccount(changes: Parameters<typeof scriptAccount>[1]): ScriptedAccount {
      const added = scriptAccount(undefined, { number: others.length + 2, ...changes })
      others.push(added)
      return added
    },
    /** One process that looks after campaigns. */
    async run({ ahead = 4000, clock = systemClock }: { ahead?: number; clock?: Clock } = {}): Promise<{
      stop(): Promise<void>
    }> {
      const { plans } = harness.parts
      const { db } = database
      const runner = createRunner({ db, bus, clock, logger, plans, ahead, onChanged() {} })
      running.unshift(runner)
      await runner.start()
      return runner
    },
    /** One process that delivers. */
    async deliver(): Promise<Deliverer> {
      const { plans } = harness.parts
      const worker = createTestWorker(database.db, {
        directory: scriptDirectory([harness.account, ...others]),
        renderer: plans,
      })
      running.push(worker)
      await worker.start()
      return worker
    },
    async create(campaign: CampaignInit = ALL_OF_THEM, as = act): Promise<string> {
      const row = await harness.parts.campaigns.create(as, create(CampaignSchema, campaign))
      return toTypeId('cmp', row.campaign_id)
    },
    async start(campaign: CampaignInit = ALL_OF_THEM): Promise<string> {
      const id = await harness.create(campaign)
      await harness.parts.campaigns.start(act, id, '')
      return id
    },
    async progress(id: string): Promise<CampaignProgress> {
      const row = await harness.parts.campaigns.get(TEST_PROJECT, id)
      return await harness.parts.progress.one(row)
    },
    async waitForState(id: string, state: CampaignState): Promise<CampaignProgress> {
      let seen = await harness.progress(id)
      await waitFor(
        async () => {
          seen = await harness.progress(id)
          return seen.state === state
        },
        { timeoutMs: 60_000, what: `the campaign to be in state ${state}` },
      )
      return seen
    },
    import: (campaignId: string, csv: string, more: { firstLine?: number; replace?: boolean } = {}) =>
      harness.parts.lists.import(
        act,
        create(ImportCampaignRecipientsRequestSchema, { campaignId, csv, ...more }),
      ),
    problems: (campaignId: string, pageSize = 0, pageToken = '') =>
      harness.parts.lists.problems(
        { projectId: TEST_PROJECT, method: 'problems' },
        create(ListCampaignProblemsRequestSchema, { campaignId, pageSize, pageToken }),
      ),
    uuid: (id: string): string => fromTypeId('cmp', id) ?? '',
    async read<T>(text: string, values: unknown[] = []): Promise<T[]> {
      return (await database.db.query<T & object>({ text, values })).rows
    },
  }
  return harness
}
