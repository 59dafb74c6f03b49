import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import {
  type Bus,
  type Clock,
  createBus,
  createEvents,
  createLogger,
  createMetrics,
  createPageTokens,
  type Events,
  systemClock,
} from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { Workflows } from '@mainstay/proto/notify/v1/workflows'
import { createCategoryLookup } from '../accept/categories.ts'
import { createRecipientLookup } from '../accept/recipients.ts'
import { createSend } from '../accept/send.ts'
import { createWriter } from '../accept/writer.ts'
import { createTemplates, type Templates } from '../templates/service.ts'
import type { Send } from '../workflows/engine/deliver.ts'
import { createMover } from '../workflows/engine/mover.ts'
import { createPlans, createWorkflowPart, type WorkflowPart } from '../workflows/workflows.ts'
import { type TestCallOptions, testCall } from './call.ts'
import { defaultNotifySettings } from './default-settings.ts'
import { ledgerMigrations, TEST_PROJECT } from './ledger.ts'
import { scriptAccount } from './worker.ts'

type Method = keyof typeof Workflows.method

/**
 * Call inside `describe`: a database, and workflows on it as notify composes them, with an account for every channel. What they
 * send waits in the queue: there is no deliverer.
 */
export function useWorkflows() {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 60 } })
  const accounts = [
    scriptAccount(undefined, {
      channels: ['email', 'sms', 'whatsapp', 'push', 'chat', 'webhook'],
    }),
  ]
  const parts: WorkflowPart[] = []
  let bus: Bus
  let events: Events
  let templates: Templates
  let part: WorkflowPart

  before(async () => {
    const db = await database.ready()
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    events = createEvents({ db, bus, logger: createLogger({ level: 'silent' }), metrics: createMetrics() })
    templates = createTemplates({ db, bus, clock: systemClock })
    part = aPart()
  })
  after(async () => {
    await Promise.all(parts.map((one) => one.worker.stop()))
    await events.stop()
    await bus.stop()
  })

  function sendWith(clock: Clock): Send {
    const { db } = database
    const writer = createWriter({ db, clock, batchSize: 100, queueSize: 10_000, idempotencyTtlMs: 1000 })
    const directory = { candidates: async () => accounts }
    const finders = { findRecipient: createRecipientLookup(db), findCategory: createCategoryLookup(db) }
    return createSend({
      db,
      writer,
      clock,
      settings: defaultNotifySettings(),
      directory,
      renderer: templates,
      ...finders,
    })
  }

  /** Workflows as one process has them. */
  function aPart(clock: Clock = systemClock, listensTo?: Pick<Events, 'subscribe'>): WorkflowPart {
    const { db } = database
    const made = createWorkflowPart({
      ...{
        db,
        bus,
        clock,
        renderer: templates,
        send: sendWith(clock),
        findCategory: createCategoryLookup(db),
      },
      events: listensTo ?? { subscribe: () => undefined },
      logger: createLogger({ level: 'silent' }),
      metrics: createMetrics(),
      pageTokens: createPageTokens(randomBytes(32)),
      onChanged: () => undefined,
    })
    parts.push(made)
    return made
  }

  return {
    aPart,
    sendWith,
    get db() {
      return database.db
    },
    get database() {
      return database
    },
    get templates() {
      return templates
    },
    get events() {
      return events
    },
    get accounts() {
      return accounts
    },
    /** Moves due runs on at a moment, and nothing else: for tests that say when what happens. */
    moverAt(clock: Clock, send: Send = sendWith(clock)) {
      const { db } = database
      const logger = createLogger({ level: 'silent' })
      return createMover({ db, clock, logger, send, planOf: createPlans(db) })
    },
    async call<M extends Method>(
      method: M,
      request: MessageInitShape<(typeof Workflows.method)[M]['input']>,
      options: TestCallOptions & { on?: WorkflowPart } = {},
    ): Promise<MessageShape<(typeof Workflows.method)[M]['output']>> {
      const { input, output, name } = Workflows.method[method] as DescMethodUnary
      const { methods } = (options.on ?? part).implementation
      const found = methods.find((one) => one.method.localName === method)
      const ctx = testCall({ method: `${Workflows.typeName}/${name}`, ...options })
      const answer = await found?.handle(create(input, request as never), ctx)
      return create(output, answer as never) as MessageShape<(typeof Workflows.method)[M]['output']>
    },
    /** Publishes steps written in YAML as the workflow `name`. */
    async publish(name: string, steps: string) {
      return await this.call('publishWorkflow', {
        source: { case: 'yaml', value: `name: ${name}\nsteps:\n${steps}` },
      })
    },
    /** Forgets every run and every message. */
    async empty(): Promise<void> {
      await database.db.query({
        text: `TRUNCATE notify.workflow_runs, notify.workflow_run_entries, notify.workflow_waits, notify.workflow_windows,
          notify.workflow_items, notify.messages, notify.notifications, notify.dedupe_keys, notify.delivery_queue`,
      })
    },
    async read<T>(text: string, values: unknown[] = []): Promise<T[]> {
      return (await database.db.query<T & object>({ text, values })).rows
    },
    async addRecipient(
      recipientId: string,
      more: Partial<{ email: string; phone: string; timezone: string }> = {},
    ) {
      const { email = `${recipientId}@example.com`, phone = '+491701234567', timezone = null } = more
      await database.db.query({
        text: `INSERT INTO notify.recipients (project_id, recipient_id, email, phone, display_name, timezone, create_time,
            update_time, attributes) VALUES ($1, $2, $3, $4, 'Ada', $5, now(), now(), '{"tier":"gold"}')
          ON CONFLICT (project_id, recipient_id) DO UPDATE SET timezone = excluded.timezone`,
        values: [TEST_PROJECT, recipientId, email, phone, timezone],
      })
    },
  }
}
