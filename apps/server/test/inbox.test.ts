import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { InboxAction } from '@mainstay/proto/notify/v1/inbox'
import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const APP = 'https://app.example.com'

describe('a recipient’s token', () => {
  const home = temporaryHome()
  let server: ServerProcess
  let mainstay: Mainstay
  let url = ''
  let token = ''

  before(async () => {
    server = spawnServer(home, { HTTP_BROWSER_ORIGINS: `${APP},http://localhost:5173` })
    await server.ready()
    const { apiUrl, apiKey } = readBanner(server.output())
    url = apiUrl
    mainstay = createMainstay({ baseUrl: url, apiKey })
    token = (await mainstay.inbox.createInboxToken({ recipientId: 'ada' })).token
  })
  after(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const ask = (path: string, init: RequestInit & { as?: string } = {}) => {
    const { as = token, ...rest } = init
    const headers = { authorization: `Bearer ${as}`, 'content-type': 'application/json', ...rest.headers }
    return fetch(url + path, { ...rest, headers })
  }
  const reasonOf = async (response: Response): Promise<string> => {
    const { error } = (await response.json()) as { error?: { reason: string } }
    return `${response.status} ${error?.reason}`
  }
  const tell = (recipientId: string, title: string) =>
    mainstay.notify.sendNotification({
      to: { target: { case: 'recipientId', value: recipientId } },
      content: { case: 'inbox', value: { title } },
    })

  test('reads, marks and deletes in its recipient’s inbox', async () => {
    await tell('ada', 'Hello Ada')
    type List = {
      items?: { itemId: string; title: string; readTime?: string }[]
      counts: { unreadCount?: number }
    }
    const list = async () => (await (await ask('/v1/inbox/items')).json()) as List
    await waitFor(async () => (await list()).items?.length === 1, { what: 'the item' })
    const [item] = (await list()).items ?? []
    assert.equal(item?.title, 'Hello Ada')
    const body = JSON.stringify({ action: 'INBOX_ACTION_READ', itemIds: [item?.itemId] })
    const marked = await ask('/v1/inbox/items:mark', { method: 'POST', body })
    assert.equal(((await marked.json()) as { changedCount: number }).changedCount, 1)
    assert.ok((await list()).items?.[0]?.readTime)
    assert.equal((await ask(`/v1/inbox/items/${item?.itemId}`, { method: 'DELETE' })).status, 200)
    assert.equal((await list()).items?.length ?? 0, 0)
  })

  test('opens nobody else’s, whatever the call', async () => {
    await tell('bob', 'For Bob only')
    await waitFor(async () => (await mainstay.inbox.getInboxCounts({ recipientId: 'bob' })).unreadCount === 1)
    const [item] = (await mainstay.inbox.listInboxItems({ recipientId: 'bob' })).items
    const body = (more: object) =>
      JSON.stringify({ recipientId: 'bob', action: 'INBOX_ACTION_READ', ...more })
    const calls: [string, RequestInit?][] = [
      ['/v1/inbox/items?recipientId=bob'],
      ['/v1/inbox/counts?recipientId=bob'],
      ['/v1/inbox:watch?recipientId=bob'],
      ['/v1/inbox/items:mark', { method: 'POST', body: body({ all: true }) }],
      [`/v1/inbox/items/${item?.itemId}?recipientId=bob`, { method: 'DELETE' }],
    ]
    for (const [path, init] of calls) {
      assert.equal(await reasonOf(await ask(path, init)), '403 access.recipient_mismatch', path)
    }
    // By the id alone they are not found in one's own inbox.
    const mark = {
      method: 'POST',
      body: JSON.stringify({ action: 'INBOX_ACTION_READ', itemIds: [item?.itemId] }),
    }
    assert.equal(
      ((await (await ask('/v1/inbox/items:mark', mark)).json()) as { changedCount?: number }).changedCount ??
        0,
      0,
    )
    await ask(`/v1/inbox/items/${item?.itemId}`, { method: 'DELETE' })
    assert.equal((await mainstay.inbox.getInboxCounts({ recipientId: 'bob' })).unreadCount, 1)
  })

  test('calls no other method of the whole contract', async () => {
    const response = await fetch(`${url}/openapi.json`)
    const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> }
    let refused = 0
    for (const [template, verbs] of Object.entries(paths)) {
      for (const verb of Object.keys(verbs).filter((name) =>
        ['get', 'post', 'put', 'patch', 'delete'].includes(name),
      )) {
        if (template.startsWith('/v1/inbox/items') || /^\/v1\/inbox(:watch|\/counts)$/.test(template))
          continue
        const path = template.replaceAll(/\{[^}]+\}/g, 'x')
        const init = { method: verb.toUpperCase(), ...(verb === 'get' ? {} : { body: '{}' }) }
        const stranger = await fetch(url + path, { ...init, headers: { 'content-type': 'application/json' } })
        const isPublic = stranger.status !== 401
        await stranger.body?.cancel()
        if (isPublic) continue
        assert.equal(
          await reasonOf(await ask(path, init)),
          '403 access.recipient_not_allowed',
          `${verb} ${path}`,
        )
        refused++
      }
    }
    assert.ok(refused > 40, `${refused} methods refused it`)
  })

  test('is refused when it was tampered with, and makes no further tokens', async () => {
    const tampered = `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`
    const response = await ask('/v1/inbox/counts', { as: tampered })
    assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
    assert.equal(await reasonOf(response), '401 access.recipient_token_invalid')
    const more = await ask('/v1/inbox/tokens', { method: 'POST', body: '{"recipientId":"bob"}' })
    assert.equal(await reasonOf(more), '403 access.recipient_not_allowed')
  })

  test('takes no idempotency key away from the company’s own programs', async () => {
    const headers = { 'idempotency-key': 'order-17' }
    const body = JSON.stringify({ action: 'INBOX_ACTION_READ', all: true })
    assert.equal((await ask('/v1/inbox/items:mark', { method: 'POST', body, headers })).status, 200)
    const again = await ask('/v1/inbox/items:mark', { method: 'POST', body, headers })
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    await mainstay.inbox.markInboxItems(
      { recipientId: 'bob', action: InboxAction.SEEN, all: true },
      { idempotencyKey: 'order-17' },
    )
  })

  test('may be sent by pages of the allowed origins, to the inbox alone and without cookies', async () => {
    const preflight = (path: string, origin: string, method = 'GET') =>
      fetch(url + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method } })
    const corsOf = ({ status, headers }: Response) => [
      status,
      headers.get('access-control-allow-origin'),
      headers.get('access-control-allow-credentials'),
    ]
    const ok = await preflight('/v1/inbox/items:mark', APP, 'POST')
    assert.deepEqual(corsOf(ok), [204, APP, null])
    assert.equal(ok.headers.get('access-control-allow-methods'), 'POST')
    assert.match(ok.headers.get('access-control-allow-headers') ?? '', /authorization/)
    assert.match(ok.headers.get('vary') ?? '', /Origin/)
    for (const [path, origin, method] of [
      ['/v1/inbox/items', 'https://evil.example', 'GET'],
      ['/v1/inbox/items', `${APP}:8443`, 'GET'],
      ['/v1/inbox/items', 'null', 'GET'],
      ['/v1/inbox/items', APP, 'PUT'],
      ['/v1/inbox/tokens', APP, 'POST'],
      ['/v1/notifications', APP, 'POST'],
      ['/v1/nothing', APP, 'GET'],
    ] as const) {
      assert.deepEqual(corsOf(await preflight(path, origin, method)), [403, null, null], `${origin} ${path}`)
    }
    const good = await ask('/v1/inbox/counts', { headers: { origin: APP } })
    assert.deepEqual(corsOf(good), [200, APP, null])
    const unknown = await ask('/v1/inbox/counts', { as: 'inb_x', headers: { origin: APP } })
    assert.deepEqual(corsOf(unknown), [401, APP, null], 'a page may read why it was refused')
    const evil = await ask('/v1/inbox/counts', { headers: { origin: 'https://evil.example' } })
    assert.deepEqual(corsOf(evil), [200, null, null])
    const other = await ask('/v1/messages', { headers: { origin: APP } })
    assert.deepEqual(corsOf(other), [403, null, null])
    const stream = await ask('/v1/inbox:watch', { headers: { origin: APP } })
    assert.deepEqual(corsOf(stream), [200, APP, null])
    assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/)
    await stream.body?.cancel()
  })
})

describe('without allowed origins', () => {
  const home = temporaryHome()
  after(() => rmSync(home, { recursive: true, force: true }))

  test('no page of another origin may call anything, and a wrong setting is told', async () => {
    const server = spawnServer(home)
    await server.ready()
    const { apiUrl } = readBanner(server.output())
    const headers = { origin: APP, 'access-control-request-method': 'GET' }
    const answer = await fetch(`${apiUrl}/v1/inbox/items`, { method: 'OPTIONS', headers })
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
    assert.ok(answer.status >= 400)
    await server.stop()

    const wrong = spawnServer(home, { HTTP_BROWSER_ORIGINS: `${APP}/` })
    assert.equal(await wrong.ended(), 1)
    assert.match(wrong.output(), /HTTP_BROWSER_ORIGINS: .* is no origin/)
  })
})
