import { createBus } from '../bus/index.ts'
import { createDb } from '../db/index.ts'
import { createLogger, createMetrics } from '../telemetry/index.ts'
import { createJobs } from './index.ts'

// A worker process for jobs.test.ts to kill: takes the job, says so, and never finishes it.
const [connectionString = '', job = ''] = process.argv.slice(2)
const db = createDb({ connectionString, poolSize: 4 })
const bus = createBus({ connection: connectionString })
await bus.start()
const jobs = createJobs({
  db,
  bus,
  logger: createLogger({ level: 'silent' }),
  metrics: createMetrics(),
  heartbeatSeconds: 3,
})
jobs.define(job, {
  retryDelayMs: 1_000,
  handler: async () => {
    process.stdout.write('working\n')
    await new Promise(() => {})
  },
})
await jobs.start({ work: true })

// Ends with the test, however that ends.
process.stdin.on('end', () => process.exit(1)).resume()
