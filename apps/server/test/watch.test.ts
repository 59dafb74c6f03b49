import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { createMainstay, isReason, type Mainstay } from '@mainstay/sdk'
import { findPort, readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
let server: ServerProcess
after(async () => {
  await server.stop('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

async function start(env: Record<string, string>): Promise<{ url: string; apiKey: string }> {
  server = spawnServer(home, env)
  await server.ready()
  const { apiUrl: url, apiKey } = readBanner(server.output())
  return { url, apiKey }
}

async function send(mainstay: Mainstay, count: number): Promise<string[]> {
  const sent = Array.from({ length: count }, () =>
    mainstay.notify.sendNotification({
      to: { target: { case: 'email', value: 'ada@example.com' } },
      content: { case: 'email', value: { subject: 'Watched', text: 'Hello' } },
    }),
  )
  return (await Promise.all(sent)).flatMap(({ messageIds }) => messageIds)
}

test('a watch goes on over a restart of the server, and misses nothing that happened around it', async () => {
  const { url, apiKey } = await start({ HTTP_PORT: String(await findPort()) })
  const mainstay = createMainstay({ baseUrl: url, apiKey })
  const delivered = new Set<string>()
  const leave = new AbortController()
  const watching = (async () => {
    for await (const { message } of mainstay.notify.watchMessages({}, { signal: leave.signal }))
      if (message?.state === MessageState.DELIVERED) delivered.add(message.messageId)
  })()
  const seen = (messageIds: string[], what: string) =>
    waitFor(() => messageIds.every((messageId) => delivered.has(messageId)), { what, timeoutMs: 30_000 })

  // Until the watch is open, what happens is before it.
  await waitFor(async () => (await send(mainstay, 1)) && delivered.size > 0, { what: 'the watch to be open' })
  const before = await send(mainstay, 5)
  assert.equal(await server.stop(), 0)
  await start({ HTTP_PORT: new URL(url).port })
  const afterwards = await send(mainstay, 5)
  await seen([...before, ...afterwards], 'every message around the restart to be seen')

  leave.abort()
  await assert.rejects(watching, (error) => isReason(error, 'sdk.aborted'))
})
