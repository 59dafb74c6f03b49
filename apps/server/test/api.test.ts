import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryHome } from '@mainstay/kernel/testing'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
let server: ServerProcess
let url = ''
let key = ''
let cookie = ''

before(async () => {
  server = spawnServer(home)
  await server.ready()
  const banner = readBanner(server.output())
  url = banner.apiUrl
  key = banner.apiKey
  const token = /#token=(\S+)/.exec(banner.signInLink ?? '')?.[1]
  const session = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ token }),
  })
  assert.equal(session.status, 200)
  cookie = (session.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

interface Answer {
  status: number
  headers: Headers
  body: { error?: { reason: string; docs: string; requestId: string } } & Record<string, unknown>
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  }
}

const asKey = () => ({ authorization: `Bearer ${key}` })
const asOperator = () => ({ cookie, origin: url, 'mainstay-project': 'default' })

test('every example of the OpenAPI document is taken by the server', async () => {
  const file = fileURLToPath(import.meta.resolve('@mainstay/proto/openapi.json'))
  const document = JSON.parse(readFileSync(file, 'utf8')) as {
    paths: Record<
      string,
      Record<string, { requestBody?: { content: Record<string, { example?: unknown }> } }>
    >
  }
  let examples = 0
  for (const [path, verbs] of Object.entries(document.paths)) {
    for (const [verb, { requestBody }] of Object.entries(verbs)) {
      const example = requestBody?.content['application/json']?.example
      if (example === undefined) continue
      examples++
      const { status, body } = await call(verb.toUpperCase(), path, asKey(), example)
      assert.ok(status < 300, JSON.stringify(body))
    }
  }
  assert.ok(examples > 0)
})

test('a refusal names its reason, its request and a page that is there', async () => {
  const { status, body, headers } = await call(
    'GET',
    '/v1/notifications/ntf_00000000000000000000000000',
    asKey(),
  )
  assert.equal(status, 404)
  assert.equal(body.error?.reason, 'notify.notification_not_found')
  assert.equal(body.error?.requestId, headers.get('x-request-id'))
  const page = await fetch(url + (body.error?.docs ?? ''))
  assert.equal(page.status, 200)
  assert.match(await page.text(), /<h1>notify.notification_not_found<\/h1>/)
})

test('an operator sees the system and its settings, without a secret in them', async () => {
  const system = await call('GET', '/v1/system', asOperator())
  assert.equal(system.body.embeddedDatabase, true)
  const { status, body } = await call('GET', '/v1/system/settings', asOperator())
  assert.equal(status, 200)
  const settings = body.settings as { env: string; value?: string }[]
  assert.ok(settings.some(({ env, value }) => env === 'MAINSTAY_HOME' && value === home))
  assert.ok(
    settings.every(
      ({ env, value }) =>
        !/SECRET|PASSWORD|MASTER_KEY|SMTP_URL/.test(env) || (value ?? '') === '' || value === '••••••',
    ),
  )
})

test('a dead letter that is not there cannot be replayed', async () => {
  const { status, body } = await call(
    'POST',
    '/v1/system/dead-letters/dlq_00000000000000000000000000:replay',
    asOperator(),
    {},
  )
  assert.equal(status, 404)
  assert.equal(body.error?.reason, 'system.dead_letter_not_found')
})

test('an API key may not read what is for operators', async () => {
  const { status } = await call('GET', '/v1/system/settings', asKey())
  assert.equal(status, 403)
})

test('addresses of the console get its page, and nothing else gets it', async () => {
  const page = await fetch(`${url}/messages`, { headers: { accept: 'text/html' } })
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  for (const path of ['/v1/nothing', '/assets/gone.js', '/docs/errors/no.such']) {
    assert.equal((await fetch(url + path, { headers: { accept: 'text/html' } })).status, 404, path)
  }
})
