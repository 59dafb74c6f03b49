import assert from 'node:assert/strict'
import { rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { readBanner, spawnServer } from './process.ts'

const home = temporaryHome()
after(() => rmSync(home, { recursive: true, force: true }))

const send = (apiUrl: string, apiKey: string, headers: Record<string, string> = {}) =>
  fetch(`${apiUrl}/v1/notifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      to: { email: 'ada@example.com' },
      email: { subject: 'Hello', text: 'It works.' },
    }),
  })

async function stateOf(apiUrl: string, apiKey: string, messageId: string): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/messages/${messageId}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  return ((await response.json()) as { state: string }).state
}

test('a first start prints a command line that sends a message, which is delivered', async () => {
  const server = spawnServer(home)
  await server.ready()
  const { apiUrl, apiKey } = readBanner(server.output())
  const response = await send(apiUrl, apiKey)
  assert.equal(response.status, 202)
  const { messageIds } = (await response.json()) as { messageIds: string[] }
  const [messageId = ''] = messageIds
  await waitFor(async () => (await stateOf(apiUrl, apiKey, messageId)) === 'MESSAGE_STATE_DELIVERED', {
    what: 'the delivery',
  })
  assert.equal((await fetch(`${apiUrl}/healthz`)).status, 200)
  assert.equal((await fetch(`${apiUrl}/readyz`)).status, 200)
  assert.match(await (await fetch(`${apiUrl}/metrics`)).text(), /^process_resident_memory_bytes \d+/m)
  assert.equal(await server.stop('SIGTERM'), 0)
  assert.doesNotMatch(server.output(), /"level":"(warn|error)"/)
})

test('a person is told of the first set-up in one line, and of the next starts by the banner alone', async () => {
  const own = temporaryHome()
  after(() => rmSync(own, { recursive: true, force: true }))
  for (const expected of [/^Setting up the database… done \(\d+\.\d s\)\nMainstay /, /^Mainstay /]) {
    const server = spawnServer(own, { LOG_FORMAT: 'pretty' })
    await server.ready()
    assert.match(server.output(), expected)
    assert.equal(await server.stop(), 0)
  }
})

test('secrets in the data folder are readable by their owner only', () => {
  for (const name of ['dev-key', 'master.key']) {
    assert.equal(statSync(join(home, name)).mode & 0o077, 0, name)
  }
})

test('after SIGKILL the next start takes over, keeps the data and the key, and still delivers', async () => {
  const killed = spawnServer(home)
  await killed.ready()
  const first = readBanner(killed.output())
  const response = await send(first.apiUrl, first.apiKey, { 'idempotency-key': 'before-the-kill' })
  const { messageIds } = (await response.json()) as { messageIds: string[] }
  assert.equal(await killed.stop('SIGKILL'), 'SIGKILL')

  const server = spawnServer(home)
  await server.ready()
  const { apiUrl, apiKey } = readBanner(server.output())
  assert.equal(apiKey, first.apiKey)
  const again = await send(apiUrl, apiKey, { 'idempotency-key': 'before-the-kill' })
  assert.deepEqual(((await again.json()) as { messageIds: string[] }).messageIds, messageIds)
  assert.equal(again.headers.get('idempotent-replayed'), 'true')
  assert.equal(await server.stop(), 0)
})

test('a second start on one data folder says so and exits 1, and the first goes on', async () => {
  const first = spawnServer(home)
  await first.ready()
  const second = spawnServer(home)
  assert.equal(await second.ended(), 1)
  assert.match(second.output(), /already/i)
  assert.ok(second.output().trim().split('\n').length <= 2, second.output())
  const { apiUrl, apiKey } = readBanner(first.output())
  assert.equal((await send(apiUrl, apiKey)).status, 202)
  assert.equal(await first.stop(), 0)
})

test('a port in use is one sentence that says what to do, and the database is stopped again', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const port = (blocker.address() as AddressInfo).port
  const server = spawnServer(home, { HTTP_PORT: String(port) })
  assert.equal(await server.ended(), 1)
  assert.match(server.output(), new RegExp(`port ${port}.*HTTP_PORT`))
  blocker.close()
  const next = spawnServer(home)
  await next.ready()
  assert.equal(await next.stop(), 0)
})

test('every wrong setting is reported at once', async () => {
  const server = spawnServer(home, { HTTP_PORT: 'web', HTTP_MAX_BODY_BYTES: '10MB', LOG_LEVEL: 'loud' })
  assert.equal(await server.ended(), 1)
  for (const name of ['HTTP_PORT', 'HTTP_MAX_BODY_BYTES', 'LOG_LEVEL'])
    assert.match(server.output(), new RegExp(`${name}: expected`))
})

test('an unknown role is refused', async () => {
  const server = spawnServer(home, {}, ['--role=king'])
  assert.equal(await server.ended(), 1)
  assert.match(server.output(), /--role is one of all, api, worker/)
})
