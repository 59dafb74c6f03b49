import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import { create, type DescMethod, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Bus,
  createBus,
  createEvents,
  createLogger,
  createMetrics,
  createPageTokens,
  createSealer,
  type Db,
  systemClock,
} from '@mainstay/kernel'
import { type TestDatabase, useTestDatabase } from '@mainstay/kernel/testing'
import { Notify, type SendNotificationRequestSchema, type TemplateSchema } from '@mainstay/proto/notify/v1'
import type { InAppContentSchema } from '@mainstay/proto/notify/v1/channels'
import { Inbox } from '@mainstay/proto/notify/v1/inbox'
import type { CallContext, Handlers } from '@mainstay/rpc'
import { type NotifySettings, notifySettings } from '../config.ts'
import { createNotify, type Notify as NotifyCapability } from '../notify.ts'
import { testCall } from './call.ts'
import { ledgerMigrations } from './ledger.ts'

type InboxHandlers = Handlers<typeof Inbox>
type InitOf<K extends keyof InboxHandlers> = MessageInitShape<(typeof Inbox)['method'][K]['input']>
type AnswerOf<K extends keyof InboxHandlers> = Promise<Awaited<ReturnType<InboxHandlers[K]>>>

/** A process of Mainstay: everything of notify, on the test's database. */
export interface TestProcess {
  notify: NotifyCapability
  call<K extends keyof InboxHandlers>(name: K, request: InitOf<K>, ctx?: CallContext): AnswerOf<K>
  send(request: MessageInitShape<typeof SendNotificationRequestSchema>, ctx?: CallContext): Promise<string>
  /** Publishes a template's next version. */
  publish(template: MessageInitShape<typeof TemplateSchema>): Promise<void>
  /** Sends something to a recipient's inbox. Returns the message's id, `msg_…`. */
  tell(
    recipientId: string,
    content?: MessageInitShape<typeof InAppContentSchema>,
    ctx?: CallContext,
  ): Promise<string>
  stop(): Promise<void>
}

/** Call inside `describe`. The first process has a worker that runs; more of them are stopped at the end, too. */
export function useInbox(changes: Partial<NotifySettings> = {}): {
  readonly database: TestDatabase
  readonly main: TestProcess
  open(): Promise<TestProcess>
} {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const processes: TestProcess[] = []
  const open = async (): Promise<TestProcess> => {
    const made = await startProcess(await database.ready(), database.connectionString, changes)
    processes.push(made)
    return made
  }
  before(async () => {
    const { notify } = await open()
    await notify.worker.start()
  })
  after(async () => {
    const [main] = processes
    await main?.notify.worker.stop()
    await Promise.all(processes.map((one) => one.stop()))
  })
  return {
    database,
    get main() {
      const [main] = processes
      if (main === undefined) throw new Error('There is a process inside tests only')
      return main
    },
    open,
  }
}

/** Every process of one test has it, as every process of an installation has one master key. */
const MASTER_KEY = randomBytes(32)

async function startProcess(
  db: Db,
  connection: string,
  changes: Partial<NotifySettings>,
): Promise<TestProcess> {
  const bus: Bus = createBus({ connection })
  await bus.start()
  const logger = createLogger({ level: 'fatal' })
  const metrics = createMetrics()
  const sealer = createSealer(MASTER_KEY)
  const notify = createNotify({
    ...{ db, bus, logger, metrics, sealer, clock: systemClock },
    events: createEvents({ db, bus, logger, metrics }),
    pageTokens: createPageTokens(sealer.deriveKey('page tokens')),
    settings: { ...defaultSettings(), ...changes },
    idempotencyTtlMs: 86_400_000,
  })
  await notify.start()
  const handlerOf = (method: DescMethod) => {
    const found = notify.implementations
      .flatMap(({ methods }) => methods)
      .find((one) => one.method.parent.typeName === method.parent.typeName && one.method.name === method.name)
    if (found === undefined) throw new Error(`${method.name} has no handler`)
    return found
  }
  const call = async <K extends keyof InboxHandlers>(
    name: K,
    request: InitOf<K>,
    ctx = inboxCall(),
  ): AnswerOf<K> => {
    const method = Inbox.method[name]
    return handlerOf(method).handle(create(method.input, request as never), ctx) as Awaited<AnswerOf<K>>
  }
  const send: TestProcess['send'] = async (request, ctx = inboxCall()) => {
    const method = Notify.method.sendNotification
    const { handle } = handlerOf(method)
    const { messageIds } = (await handle(create(method.input, request), ctx)) as { messageIds: string[] }
    return messageIds[0] ?? ''
  }
  return {
    notify,
    call,
    send,
    async publish(template) {
      const method = Notify.method.createTemplate
      await handlerOf(method).handle(create(method.input, { template }), inboxCall())
    },
    tell: (recipientId, content = {}, ctx) =>
      send(
        {
          to: { target: { case: 'recipientId', value: recipientId } },
          content: { case: 'inbox', value: { title: 'Your order is on its way', ...content } },
        },
        ctx,
      ),
    async stop() {
      await notify.stop()
      await bus.stop()
    },
  }
}

/** As an API key of the test's project calls. */
export function inboxCall(options: { testMode?: boolean; projectId?: string } = {}): CallContext {
  return testCall({ method: 'mainstay.notify.v1.Inbox/Test', ...options })
}

function defaultSettings(): NotifySettings {
  const defaults = Object.entries(notifySettings.settings).map(([key, spec]) => [
    key,
    'default' in spec ? spec.default : undefined,
  ])
  return Object.fromEntries(defaults) as NotifySettings
}
