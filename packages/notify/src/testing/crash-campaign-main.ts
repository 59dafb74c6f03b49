/**
 * A process for the crash test of campaigns: `node crash-campaign-main.ts <connectionString> <http://…> <leaseMs>`. It makes and
 * delivers messages until it is killed; the end of its standard input ends it too.
 */
import { createBus, createDb, createLogger, systemClock } from '@mainstay/kernel'
import { createPlans } from '../campaigns/plans.ts'
import { createRunner } from '../campaigns/runner.ts'
import { createHttpAdapter } from '../providers/http.ts'
import { createTestWorker, scriptAccount } from './worker.ts'

const [connectionString = '', url = '', leaseMs = ''] = process.argv.slice(2)

const http = createHttpAdapter({
  ...{ connectTimeoutMs: 2000, sendTimeoutMs: 500 },
  ...{ allowPrivate: true, connections: 10 },
})
const client = http.connect({ url, bearerToken: '' })
const account = scriptAccount(undefined, { concurrency: 10, semantics: http.semantics })
const db = createDb({ connectionString, poolSize: 6 })
const bus = createBus({ connection: connectionString })
await bus.start()
const plans = createPlans(db, {
  async render() {
    throw new TypeError('Nothing here is a template')
  },
})
const runner = createRunner({
  ...{ db, bus, plans, clock: systemClock, logger: createLogger({ level: 'fatal' }) },
  ...{ ahead: 200, leaseMs: Number(leaseMs), onChanged() {} },
})
const worker = createTestWorker(db, {
  directory: { candidates: async () => [account], clientFor: async () => client },
  renderer: plans,
  settings: { deliverLeaseMs: Number(leaseMs), bulkMaxAttempts: 1000, bulkRetryCapMs: 200 },
})
await worker.start()
await runner.start()
process.stdout.write('started\n')
process.stdin.resume().on('end', () => process.exit(0))
