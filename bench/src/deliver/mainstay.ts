import { randomBytes } from 'node:crypto'
import { create } from '@bufbuild/protobuf'
import { accessMigrations } from '@mainstay/access'
import {
  createBus,
  createDb,
  createEvents,
  createLogger,
  createMetrics,
  createPageTokens,
  createSealer,
  type Db,
  kernelMigrations,
  loadSettings,
  migrate,
  newId,
  newTrace,
  systemClock,
} from '@mainstay/kernel'
import { createNotify, type Notify, notifyMigrations, notifySettings } from '@mainstay/notify'
import { CreateProviderAccountRequestSchema, SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import type { Contender } from './contender.ts'

const PROJECT = newId()

/** Notify as it is shipped, with its default settings: accepted by its handler, delivered by its worker. */
export function createContender(): Contender {
  let db: Db
  let notify: Notify
  let closeAll: () => Promise<void>

  function call<T>(method: string, request: unknown): Promise<T> {
    const methods = notify.implementations.flatMap((implementation) => implementation.methods)
    const found = methods.find(({ method: { localName } }) => localName === method)
    const ctx = {
      projectId: PROJECT,
      caller: { id: 'key_bench', testMode: false },
      requestId: 'req_bench',
      trace: newTrace(),
      setHeader() {},
    }
    return found?.handle(request as never, ctx as unknown as CallContext) as Promise<T>
  }

  return {
    async prepare({ url, sinkUrl }) {
      db = createDb({ connectionString: url })
      await migrate(db, [kernelMigrations, accessMigrations, notifyMigrations])
      const logger = createLogger({ level: 'error' })
      const metrics = createMetrics()
      const bus = createBus({ connection: url, logger })
      const sealer = createSealer(randomBytes(32))
      const settings = loadSettings([notifySettings], { NOTIFY_HTTP_ALLOW_PRIVATE: 'true' }).notify
      const events = createEvents({ db, bus, logger, metrics })
      const pageTokens = createPageTokens(sealer.deriveKey('page tokens'))
      notify = createNotify({
        ...{ db, bus, events, clock: systemClock, logger, metrics, sealer, pageTokens, settings },
        idempotencyTtlMs: 86_400_000,
      })
      await bus.start()
      await notify.start()
      closeAll = async () => {
        await notify.worker.stop()
        await notify.stop()
        await bus.stop()
        await db.close()
      }
      const providerAccount = {
        displayName: 'Sink',
        sender: 'Bench <bench@example.com>',
        enabled: true,
        config: { case: 'http', value: { url: `${sinkUrl}/messages` } },
      } as const
      await call('createProviderAccount', create(CreateProviderAccountRequestSchema, { providerAccount }))
    },
    async enqueue(payloads) {
      await Promise.all(
        payloads.map(({ to, subject, text }) =>
          call(
            'sendNotification',
            create(SendNotificationRequestSchema, {
              to: { target: { case: 'email', value: to } },
              content: { case: 'email', value: { subject, text } },
            }),
          ),
        ),
      )
    },
    start: () => notify.worker.start(),
    async remaining() {
      const { rows } = await db.query<{ n: number }>({
        text: 'SELECT count(*)::int4 AS n FROM notify.delivery_queue',
      })
      return rows[0]?.n ?? 0
    },
    stop: () => closeAll(),
  }
}
