import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { Mode } from '@mainstay/proto/access/v1'
import { ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { Notify } from '@mainstay/proto/notify/v1'
import { createMainstay, type Mainstay, MainstayError } from '@mainstay/sdk'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

/** How a stream goes: what it told so far, and the reason that it ended with. */
interface Watch {
  seen: number
  readonly ended: Promise<string | undefined>
}

describe('an open stream ends about a second after', () => {
  const home = temporaryHome()
  let server: ServerProcess
  let mainstay: Mainstay
  let url = ''
  let grpcUrl = ''

  before(async () => {
    server = spawnServer(home)
    await server.ready()
    const { apiUrl, apiKey } = readBanner(server.output())
    url = apiUrl
    grpcUrl = `http://${/gRPC\s+(\S+)/.exec(server.output())?.[1]}`
    mainstay = createMainstay({ baseUrl: url, apiKey })
  })
  after(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })

  /** Counts what a stream tells; `reasonOf` reads the reason out of what it ends with. */
  function follow(messages: AsyncIterable<unknown>, reasonOf: (error: unknown) => string | undefined): Watch {
    const watch = { seen: 0 }
    const ended = (async () => {
      for await (const _ of messages) watch.seen++
    })().then(() => 'it just ended', reasonOf)
    return Object.assign(watch, { ended })
  }

  function followText(headers: Record<string, string>): Watch {
    const watch = { seen: 0 }
    const ended = (async () => {
      let text = ''
      const response = await fetch(`${url}/v1/messages:watch`, { headers })
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString()
        watch.seen = text.split('messageId').length - 1
      }
      return /"reason":"([\w.]+)"/.exec(text)?.[1]
    })()
    return Object.assign(watch, { ended })
  }

  /** A stream tells of what comes from now on: once all have told of something, all are open. */
  async function untilOpen(watches: Watch[]): Promise<void> {
    const to = { target: { case: 'email', value: 'ada@example.com' } } as const
    const content = { case: 'email', value: { subject: 'Hello', text: 'Hello' } } as const
    await waitFor(
      async () => {
        await mainstay.notify.sendNotification({ to, content })
        return watches.every(({ seen }) => seen > 0)
      },
      { what: 'every stream to tell of something', everyMs: 200 },
    )
  }

  test('its key was revoked, over every protocol and in the SDK, which does not try again', async () => {
    const { apiKey, secret } = await mainstay.access.createApiKey({
      apiKey: { displayName: 'Watcher', mode: Mode.TEST, scopes: ['notify:read'] },
    })
    const headers = { authorization: `Bearer ${secret}` }
    const infoReason = (error: unknown) => ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason
    const overLibrary = [
      createConnectTransport({ baseUrl: url, httpVersion: '1.1' }),
      createGrpcTransport({ baseUrl: grpcUrl }),
    ].map((transport) => follow(createClient(Notify, transport).watchMessages({}, { headers }), infoReason))
    const inSdk = follow(
      createMainstay({ baseUrl: url, apiKey: secret }).notify.watchMessages({}),
      (error) =>
        error instanceof MainstayError && error.code === 'unauthenticated' ? error.reason : String(error),
    )
    const asEvents = followText({ ...headers, accept: 'text/event-stream' })
    const watches = [...overLibrary, inSdk, asEvents]
    await untilOpen(watches)
    await mainstay.access.revokeApiKey({ apiKeyId: apiKey?.apiKeyId ?? '' })
    const reasons = await Promise.all(watches.map(({ ended }) => ended))
    assert.deepEqual(new Set(reasons), new Set(['access.api_key_revoked']))
  })

  test('its operator signed out', async () => {
    const token = /#token=(\S+)/.exec(readBanner(server.output()).signInLink ?? '')?.[1]
    const asPage = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' }
    const signIn = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: asPage,
      body: JSON.stringify({ token }),
    })
    assert.equal(signIn.status, 200)
    const cookie = signIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const watch = followText({ ...asPage, cookie, 'mainstay-project': 'default' })
    await untilOpen([watch])
    const signOut = await fetch(`${url}/v1/sessions/current`, {
      method: 'DELETE',
      headers: { ...asPage, cookie },
    })
    assert.equal(signOut.status, 200)
    assert.equal(await watch.ended, 'access.session_invalid')
  })
})
