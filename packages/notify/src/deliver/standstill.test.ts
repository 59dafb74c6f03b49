import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { createLogger } from '@mainstay/kernel'
import type { ProviderResult } from '../providers/adapter.ts'
import { createHttpAdapter } from '../providers/http.ts'
import { scriptAccount } from '../testing/worker.ts'
import type { Job } from './claim.ts'
import { sendBatch } from './send.ts'

/** A provider in a process of its own, which goes on while this one stands still: says its port, and when it has answered. */
const PROVIDER = `
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end('{"id":"p-1"}'), 100))
    console.log('asked')
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

test('an answer that came while the process stood still is read before the deadline counts', async () => {
  const provider = spawn(process.execPath, ['-e', PROVIDER], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(provider.stdout, 'data')
    const adapter = createHttpAdapter({
      connectTimeoutMs: 60_000,
      sendTimeoutMs: 60_000,
      allowPrivate: true,
      connections: 1,
    })
    const client = adapter.connect({ url: `http://127.0.0.1:${String(port).trim()}/`, bearerToken: '' })
    const timeoutMs = 1500
    const asked = once(provider.stdout, 'data')
    const result = new Promise<ProviderResult>((resolve) => {
      const options = { timeoutMs, logger: createLogger({ level: 'fatal' }), files: {} as never }
      sendBatch(
        [jobFor(client)],
        options,
        (_, answer) => resolve(answer),
        () => {},
      )
    })
    await asked
    // The provider answers now, and this process does not look: for longer than the deadline.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs + 500)
    assert.deepEqual((await result).outcome, 'accepted')
    await client.close()
  } finally {
    provider.kill()
  }
})

function jobFor(client: Job['client']): Job {
  return {
    projectId: '01980000-0000-7000-8000-000000000001',
    messageId: '01980000-0000-7000-8000-000000000002',
    notificationId: '01980000-0000-7000-8000-000000000002',
    ...{
      lane: 2,
      attempt: 1,
      workerId: '',
      expireMs: Date.now() + 60_000,
      traceId: null,
      to: '+491701234567',
    },
    ...{ content: { sms: { text: 'Hello' } }, headers: {}, subject: null, doubt: 0, client },
    account: scriptAccount(),
  } as unknown as Job
}
