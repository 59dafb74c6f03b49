import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createLogger, createMetrics, loadSettings } from '@mainstay/kernel'
import { createRpc, rpcSettings } from '@mainstay/rpc'
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { bearer, useAccess } from './testing/harness.ts'

const harness = useAccess()
let app: FastifyInstance | undefined
after(() => app?.close())

/** The whole way of a request: HTTP, rpc's pipeline, access, PostgreSQL. */
async function send(options: InjectOptions) {
  app ??= serve()
  const response = await app.inject(options)
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

function serve(): FastifyInstance {
  const server = fastify()
  const rpc = createRpc({
    implementations: [harness.access.implementation],
    ports: harness.access.ports,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    limits: loadSettings([rpcSettings], {}).rpc,
  })
  rpc.registerHttp(server)
  return server
}

async function signIn(headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' }) {
  const { token } = await harness.access.createSignInLink(harness.bootstrap.operator.operator_id)
  return await send({ method: 'POST', url: '/v1/sessions', headers, payload: { token } })
}

describe('over HTTP', () => {
  test('a sign-in link becomes a cookie, the cookie a caller, and signing out ends it', async () => {
    const signedIn = await signIn()
    assert.equal(signedIn.status, 200)
    assert.match(signedIn.body.sessionId, /^ses_/)
    assert.equal(signedIn.headers['cache-control'], 'no-store')
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? ''
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }

    const caller = await send({ url: '/v1/caller', headers })
    assert.equal(caller.body.operator.displayName, 'Operator')

    const crossSite = await send({
      method: 'DELETE',
      url: '/v1/sessions/current',
      headers: { cookie, origin: 'https://evil.example' },
    })
    assert.equal(crossSite.status, 403)
    assert.equal(crossSite.body.error.reason, 'access.cross_site')

    const signedOut = await send({ method: 'DELETE', url: '/v1/sessions/current', headers })
    assert.equal(signedOut.status, 200)
    assert.equal([signedOut.headers['set-cookie']].flat().length, 2)
    const afterwards = await send({ url: '/v1/caller', headers })
    assert.equal(afterwards.status, 401)
    assert.equal(afterwards.body.error.reason, 'access.session_invalid')
    assert.equal(afterwards.headers['www-authenticate'], 'Bearer')
  })

  test('a form of another site cannot sign a browser in', async () => {
    const refused = await signIn({ 'sec-fetch-site': 'cross-site' })
    assert.equal(refused.status, 403)
    assert.equal(refused.headers['set-cookie'], undefined)
  })

  test('an API key is created, works, is revoked and is refused', async () => {
    const created = await send({
      method: 'POST',
      url: '/v1/api-keys',
      headers: bearer(harness.devKey),
      payload: { displayName: 'over http', scopes: ['access:read'] },
    })
    assert.equal(created.status, 200)
    const { apiKey, secret } = created.body
    const list = await send({ url: '/v1/api-keys?pageSize=1', headers: bearer(secret) })
    assert.equal(list.body.apiKeys[0].apiKeyId, apiKey.apiKeyId)
    const denied = await send({
      method: 'POST',
      url: `/v1/api-keys/${apiKey.apiKeyId}:revoke`,
      headers: bearer(secret),
      payload: {},
    })
    assert.equal(denied.status, 403)
    assert.equal(denied.body.error.reason, 'access.scope_missing')
    const revoked = await send({
      method: 'POST',
      url: `/v1/api-keys/${apiKey.apiKeyId}:revoke`,
      headers: bearer(harness.devKey),
      payload: {},
    })
    assert.ok(revoked.body.revokeTime)
    const afterwards = await send({ url: '/v1/api-keys', headers: bearer(secret) })
    assert.equal(afterwards.status, 401)
    assert.equal(afterwards.body.error.reason, 'access.api_key_revoked')
    assert.match(String(afterwards.headers['www-authenticate']), /^Bearer/)
  })

  test('a repeated CreateApiKey with the same idempotency key answers with the same secret, and makes one key', async () => {
    const create = (payload: object) =>
      send({
        method: 'POST',
        url: '/v1/api-keys',
        headers: { ...bearer(harness.devKey), 'idempotency-key': 'create-once' },
        payload,
      })
    const payload = { displayName: 'once', scopes: ['*'] }
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(payload)))
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
    assert.equal(new Set(answers.map((answer) => answer.body.secret)).size, 1)
    assert.equal(answers.filter((answer) => answer.headers['idempotent-replayed'] === 'true').length, 49)
    const reused = await create({ ...payload, displayName: 'twice' })
    assert.equal(reused.status, 409)
    assert.equal(reused.body.error.reason, 'access.idempotency_key_reused')
    const { rows } = await harness.db.query({
      text: `SELECT FROM access.api_keys WHERE display_name IN ('once', 'twice')`,
    })
    assert.equal(rows.length, 1)
  })
})
