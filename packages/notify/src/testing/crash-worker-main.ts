/**
 * A worker process for crash tests: `node crash-worker-main.ts <connectionString> <smtp://… | http://…> <leaseMs>`. It delivers
 * until it is killed; the end of its standard input ends it too.
 */
import { createDb } from '@mainstay/kernel'
import type { ProviderClient } from '../providers/adapter.ts'
import { createHttpAdapter } from '../providers/http.ts'
import { createSmtpAdapter } from '../providers/smtp.ts'
import { createTestWorker, scriptAccount } from './worker.ts'

const [connectionString = '', target = '', leaseMs = ''] = process.argv.slice(2)

const timeouts = { connectTimeoutMs: 2000, sendTimeoutMs: 5000 }
const smtp = createSmtpAdapter(timeouts)
const http = createHttpAdapter({ ...timeouts, sendTimeoutMs: 500, allowPrivate: true, connections: 10 })
const isHttp = target.startsWith('http:')
const client: ProviderClient = isHttp
  ? http.connect({ url: target, bearerToken: '' })
  : smtp.connect({
      host: '127.0.0.1',
      port: Number(new URL(target).port),
      security: 'none',
      username: '',
      password: '',
      maxConnections: 10,
    })
const { semantics } = isHttp ? http : smtp
const account = scriptAccount(undefined, { concurrency: 10, semantics })
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
