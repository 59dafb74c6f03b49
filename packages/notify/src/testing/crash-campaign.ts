import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { createBus, createDb, type Db, migrate, systemClock, toTypeId } from '@mainstay/kernel'
import { startTestServer } from '@mainstay/kernel/testing'
import { CampaignSchema, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { createCategoryLookup } from '../accept/categories.ts'
import { createPlans } from '../campaigns/plans.ts'
import { createProgress } from '../campaigns/progress.ts'
import { foldCounts } from '../campaigns/progress-store.ts'
import { type Campaigns, createCampaigns } from '../campaigns/service.ts'
import { createTemplates } from '../templates/service.ts'
import { ALL_OF_THEM, addRecipients } from './campaigns.ts'
import { type CrashOptions, createWorkers, findWrongTransitions, watchStates } from './crash-crew.ts'
import { startKeyedProvider } from './crash-keyed.ts'
import { ledgerMigrations, TEST_PROJECT } from './ledger.ts'
import { scriptAccount } from './worker.ts'

/**
 * Sends a campaign by processes that are killed at random, while it is paused and resumed at random. Afterwards everybody in the
 * audience must have exactly one message, the provider must have taken each once, and the counters must be what the rows say.
 */
export async function crashCampaignAndCheck(
  options: CrashOptions,
): Promise<{ kills: number; pauses: number }> {
  const server = await startTestServer({ durable: true })
  const url = server.postgres.superuserConnectionString
  const db = createDb({ connectionString: url, poolSize: 4 })
  const bus = createBus({ connection: url })
  const provider = await startKeyedProvider()
  const main = new URL('./crash-campaign-main.ts', import.meta.url)
  const crew = createWorkers({ ...options, main }, url, provider.url)
  try {
    await bus.start()
    await migrate(db, ledgerMigrations)
    await watchStates(db)
    await addRecipients(db, options.messages)
    const templates = createTemplates({ db, bus, clock: systemClock })
    const campaigns = createCampaigns({
      ...{ db, bus, clock: systemClock, plans: createPlans(db, templates), renderer: templates },
      settings: { bulkTtlMs: 3_600_000, bulkUnknownPolicy: 'at_most_once' },
      directory: { candidates: async () => [scriptAccount()] },
      findCategory: createCategoryLookup(db),
      hasLinks: false,
      subjectOf: async () => '',
    })
    const act = {
      actor: 'key_test',
      requestId: 'req_test',
      projectId: TEST_PROJECT,
      testMode: false,
      traceId: '',
    }
    const row = await campaigns.create(act, create(CampaignSchema, ALL_OF_THEM))
    const id = toTypeId('cmp', row.campaign_id)
    await campaigns.start(act, id, '')
    const meddling = meddle(campaigns, act, id)
    const isFinished = async () => (await campaigns.get(TEST_PROJECT, id)).state === CampaignState.FINISHED
    const kills = await crew.workUntil(isFinished, {
      timeoutMs: options.timeoutMs,
      everyMs: 50,
      what: 'the campaign to be finished',
    })
    const pauses = await meddling.stop()
    await templates.stop()
    await check(db, campaigns, id, options.messages, provider.taken)
    return { kills, pauses }
  } finally {
    await crew.stop()
    await provider.close()
    await bus.stop()
    await db.close()
    await server.stop()
  }
}

/** Pauses and resumes every now and then; ends with the campaign running. */
function meddle(campaigns: Campaigns, act: Parameters<Campaigns['pause']>[0], id: string) {
  let over = false
  let pauses = 0
  const loop = (async () => {
    while (!over) {
      await delay(200 + Math.random() * 400)
      if ((await campaigns.get(act.projectId, id)).state !== CampaignState.RUNNING) continue
      try {
        await campaigns.pause(act, id)
        pauses++
        await delay(Math.random() * 200)
        await campaigns.resume(act, id)
      } catch (error) {
        // It finished in between.
        if ((error as { reason?: string }).reason !== 'notify.campaign_state_conflict') throw error
      }
    }
  })()
  return {
    async stop(): Promise<number> {
      over = true
      await loop
      return pauses
    },
  }
}

async function check(
  db: Db,
  campaigns: Campaigns,
  id: string,
  people: number,
  taken: ReadonlySet<string>,
): Promise<void> {
  const { rows } = await db.query<{ id: string; to: string; state: number }>({
    text: `SELECT message_id AS id, to_address AS "to", state FROM notify.messages`,
  })
  assert.equal(rows.length, people, 'everybody has one message')
  assert.equal(new Set(rows.map(({ to }) => to)).size, people, 'and nobody two')
  for (const { id: messageId, state } of rows) {
    assert.equal(state, 5)
    assert.ok(taken.has(toTypeId('msg', messageId)), 'what is called sent was taken')
  }
  assert.equal(taken.size, people, 'nothing was sent that nobody asked for')
  const progress = createProgress({ db, clock: systemClock })
  const row = await campaigns.get(TEST_PROJECT, id)
  // As they were noted, and added up.
  for (const _ of [1, 2]) {
    const told = await progress.one(row)
    assert.deepEqual(
      [told.total, told.expanded, told.sent, told.queued, told.failed, told.unknown, told.skipped],
      [BigInt(people), BigInt(people), BigInt(people), 0n, 0n, 0n, 0n],
    )
    await foldCounts(db, new Date())
  }
  assert.deepEqual(await findWrongTransitions(db), [])
}
