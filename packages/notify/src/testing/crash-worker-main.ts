/**
 * A worker process for crash tests: `node crash-worker-main.ts <connectionString> <smtpPort> <leaseMs>`. It delivers over
 * SMTP until it is killed; the end of its standard input ends it too.
 */
import { createDb } from '@mainstay/kernel'
import { createSmtpAdapter } from '../providers/smtp.ts'
import { createTestWorker, scriptAccount } from './worker.ts'

const [connectionString = '', port = '', leaseMs = ''] = process.argv.slice(2)

const client = createSmtpAdapter({ connectTimeoutMs: 2000, sendTimeoutMs: 5000 }).connect({
  host: '127.0.0.1',
  port: Number(port),
  security: 'none',
  username: '',
  password: '',
  maxConnections: 10,
})
const account = scriptAccount(undefined, { concurrency: 10 })
const worker = createTestWorker(createDb({ connectionString, poolSize: 6 }), {
  directory: { candidates: async () => [account], clientFor: async () => client },
  settings: {
    deliverLeaseMs: Number(leaseMs),
    otpMaxAttempts: 1000,
    transactionalMaxAttempts: 1000,
    bulkMaxAttempts: 1000,
    otpRetryCapMs: 200,
    transactionalRetryCapMs: 200,
    bulkRetryCapMs: 200,
  },
})
await worker.start()
process.stdout.write('started\n')
process.stdin.resume().on('end', () => process.exit(0))
