/**
 * A worker process for crash tests of workflows: `node workflow-crash-worker-main.ts <connectionString> <http://…> <leaseMs>`. It
 * moves runs on and delivers what they send until it is killed; the end of its standard input ends it too.
 */
import { randomBytes } from 'node:crypto'
import {
  createBus,
  createDb,
  createEvents,
  createLogger,
  createMetrics,
  createPageTokens,
  systemClock,
} from '@mainstay/kernel'
import { createCategoryLookup } from '../accept/categories.ts'
import { createRecipientLookup } from '../accept/recipients.ts'
import { createSend } from '../accept/send.ts'
import { createWriter } from '../accept/writer.ts'
import { createHttpAdapter } from '../providers/http.ts'
import { createTemplates } from '../templates/service.ts'
import { createWorkflowPart } from '../workflows/workflows.ts'
import { defaultNotifySettings } from './default-settings.ts'
import { createTestWorker, scriptAccount } from './worker.ts'

const [connectionString = '', target = '', leaseMs = ''] = process.argv.slice(2)

const clock = systemClock
const logger = createLogger({ level: 'fatal' })
const metrics = createMetrics()
const db = createDb({ connectionString, poolSize: 8 })
const bus = createBus({ connection: connectionString })
await bus.start()
const events = createEvents({ db, bus, logger, metrics, leaseMs: Number(leaseMs) })

const http = createHttpAdapter({
  ...{ connectTimeoutMs: 2000, sendTimeoutMs: 500, allowPrivate: true, connections: 10 },
})
const client = http.connect({ url: target, bearerToken: '' })
const account = scriptAccount(undefined, { concurrency: 10, semantics: http.semantics })
const directory = { candidates: async () => [account], clientFor: async () => client }

const renderer = createTemplates({ db, bus, clock })
const findCategory = createCategoryLookup(db)
const writer = createWriter({ db, clock, batchSize: 100, queueSize: 10_000, idempotencyTtlMs: 60_000 })
const send = createSend({
  ...{ db, writer, clock, directory, renderer, findCategory, settings: defaultNotifySettings() },
  findRecipient: createRecipientLookup(db),
})
const part = createWorkflowPart({
  ...{ db, bus, events, clock, logger, metrics, renderer, send, findCategory },
  pageTokens: createPageTokens(randomBytes(32)),
  onChanged: () => undefined,
})
const deliverer = createTestWorker(db, {
  directory,
  settings: {
    deliverLeaseMs: Number(leaseMs),
    transactionalMaxAttempts: 1000,
    transactionalRetryCapMs: 200,
  },
})
await events.start()
await deliverer.start()
await part.worker.start()
process.stdout.write('started\n')
process.stdin.resume().on('end', () => process.exit(0))
