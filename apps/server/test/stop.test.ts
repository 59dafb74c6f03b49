import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { after, test } from 'node:test'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { MessageState, Notify } from '@mainstay/proto/notify/v1'
import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
const running = new Set<ServerProcess>()
after(async () => {
  for (const server of running) await server.stop('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

async function start(
  env: Record<string, string> = {},
): Promise<{ server: ServerProcess; mainstay: Mainstay; url: string; apiKey: string }> {
  const server = spawnServer(home, env)
  running.add(server)
  await server.ready()
  const { apiUrl: url, apiKey } = readBanner(server.output())
  return { server, mainstay: createMainstay({ baseUrl: url, apiKey, maxRetries: 0 }), url, apiKey }
}

async function stop(server: ServerProcess, signal: NodeJS.Signals): Promise<number | string> {
  const end = await server.stop(signal)
  running.delete(server)
  return end
}

const toAda = {
  to: { target: { case: 'email', value: 'ada@example.com' } },
  content: { case: 'email', value: { subject: 'Under load', text: 'Hello' } },
} as const

/** Sends from many callers at once until the server is gone; gathers what it acknowledged. */
function sendUntilGone(mainstay: Mainstay): { acknowledged: string[]; gone: Promise<unknown> } {
  const acknowledged: string[] = []
  const send = async () => {
    for (;;) {
      const { messageIds } = await mainstay.notify.sendNotification(toAda)
      acknowledged.push(...messageIds)
    }
  }
  return { acknowledged, gone: Promise.allSettled(Array.from({ length: 16 }, send)) }
}

/** Every message of the ledger that is in one of these states. */
async function idsIn(mainstay: Mainstay, states: MessageState[]): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const message of mainstay.notify.listMessages({ filter: { states }, pageSize: 100 }))
    ids.add(message.messageId)
  return ids
}

const allAre = (mainstay: Mainstay, acknowledged: string[], states: MessageState[]) =>
  waitFor(
    async () => {
      const found = await idsIn(mainstay, states)
      return acknowledged.every((messageId) => found.has(messageId))
    },
    { what: 'every acknowledged message to be accounted for', timeoutMs: 30_000, everyMs: 200 },
  )

test('SIGTERM under load: streams end, the exit code is 0, and what was acknowledged is delivered', async () => {
  const { server, mainstay, url, apiKey } = await start()
  const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/x-ndjson' }
  const stream = await fetch(`${url}/v1/messages:watch`, { headers })
  const read = stream.text()
  const { acknowledged, gone } = sendUntilGone(mainstay)
  await waitFor(() => acknowledged.length > 200, { what: 'the load' })
  assert.equal(await stop(server, 'SIGTERM'), 0)
  await gone
  await read
  const complaints = server
    .output()
    .split('\n')
    .filter((line) => /"level":"(error|fatal)"|Warning/.test(line))
  assert.deepEqual(complaints, [])

  const next = await start()
  await allAre(next.mainstay, acknowledged, [MessageState.DELIVERED])
  assert.equal(await stop(next.server, 'SIGTERM'), 0)
})

test('a gRPC client that never ends its call holds a stop no longer than the drain time', async () => {
  const server = spawnServer(home, {
    DRAIN_TIMEOUT_MS: '200',
    HTTP_SLOW_CLIENT_TIMEOUT_MS: '600000',
    HTTP_REQUEST_TIMEOUT_MS: '600000',
  })
  running.add(server)
  await server.ready()
  const baseUrl = `http://${/gRPC\s+(\S+)/.exec(server.output())?.[1]}`
  const headers = { authorization: `Bearer ${readBanner(server.output()).apiKey}` }
  const notify = createClient(Notify, createGrpcTransport({ baseUrl }))
  let seen = 0
  const watched = (async () => {
    for await (const _ of notify.watchMessages({}, { headers })) seen++
  })().catch((error: unknown) => ConnectError.from(error))
  // A stream tells of what comes from now on: once it has told of something, it is open.
  await waitFor(() => notify.sendNotification(toAda, { headers }).then(() => seen > 0), { everyMs: 100 })
  // Announces a message, and never sends it.
  const session = connect(baseUrl).on('error', () => undefined)
  await once(session, 'remoteSettings')
  const call = session.request({
    ':method': 'POST',
    ':path': '/mainstay.notify.v1.Notify/SendNotification',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...headers,
  })
  call.on('error', () => undefined)
  call.write(Buffer.from([0, 0, 0, 0, 9]))
  // Frames are read in order: what answers this has read the call above.
  await new Promise<void>((resolve, reject) => {
    session.ping((error) => (error === null ? resolve() : reject(error)))
  })
  assert.equal(await stop(server, 'SIGTERM'), 0)
  const end = await watched
  assert.ok(end instanceof ConnectError)
  assert.equal(end.code, Code.Unavailable)
})

test('SIGKILL under load: what was acknowledged is there, and is delivered or known to be in doubt', async () => {
  // A short lease: what the killed worker held is taken up again within the test's time.
  const { server, mainstay } = await start({ NOTIFY_DELIVER_LEASE_MS: '2000' })
  const { acknowledged, gone } = sendUntilGone(mainstay)
  await waitFor(() => acknowledged.length > 200, { what: 'the load' })
  assert.equal(await stop(server, 'SIGKILL'), 'SIGKILL')
  await gone

  const next = await start()
  await allAre(next.mainstay, acknowledged, [MessageState.DELIVERED, MessageState.UNKNOWN])
  assert.equal(await stop(next.server, 'SIGTERM'), 0)
})
