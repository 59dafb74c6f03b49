import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { createVerify } from '@mainstay/sdk/verify'
import { decodeJwt } from 'jose'
import type { Server } from '../src/server.ts'
import { startHere } from './in-process.ts'

type Json = Record<string, unknown>

describe('a person in front of an app', () => {
  const database = useTestDatabase()
  const home = temporaryHome()
  let server: Server
  let key = ''

  before(async () => {
    server = await startHere('all', { database, home })
    const { project } = await server.program.access.ensureBootstrap()
    key = (await server.program.access.ensureDevKey(project.project_id)).secret
  })
  after(async () => {
    await server?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  async function call(method: string, path: string, body?: unknown, token = ''): Promise<[number, Json]> {
    const answer = await fetch(server.httpUrl + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return [answer.status, (await answer.json()) as Json]
  }

  /** The newest text that the sandbox phone of a number got. */
  async function textTo(phone: string): Promise<string> {
    return await waitFor(async () => {
      const [, { items }] = await call('GET', '/v1/sandbox/items?channels=CHANNEL_SMS', undefined, key)
      const found = ((items ?? []) as { to?: string; body?: string }[]).find(({ to }) => to === phone)
      return found?.body ?? false
    })
  }

  test('gets a code on the phone, signs in with it over REST, and out again', async () => {
    const [made, client] = await call(
      'POST',
      '/v1/clients',
      { kind: 'driver', displayName: 'Driver app' },
      key,
    )
    assert.equal(made, 200, JSON.stringify(client))
    const { clientId } = client
    const phone = '+491701234567'
    const [started, challenge] = await call('POST', '/v1/otp-challenges', { clientId, phone })
    assert.equal(started, 200, JSON.stringify(challenge))
    const code = /\b(\d{6}) is your/.exec(await textTo(phone))?.[1]
    const path = `/v1/otp-challenges/${String(challenge.challengeId)}:verify`
    const [status, signedIn] = await call('POST', path, { clientId, code })
    assert.equal(status, 200, JSON.stringify(signedIn))
    const token = String(signedIn.accessToken)
    const [, me] = await call('GET', '/v1/me', undefined, token)
    assert.equal(me.kind, 'driver')
    const [, refreshed] = await call('POST', '/v1/account-sessions:refresh', {
      refreshToken: signedIn.refreshToken,
    })
    assert.equal((await call('GET', '/v1/me', undefined, String(refreshed.accessToken)))[0], 200)
    const issuer = String(decodeJwt(token).iss).replace(/^http:\/\/[^/]+/, server.httpUrl)
    const verify = createVerify({
      issuer: String(decodeJwt(token).iss),
      audience: String(client.audience),
      jwksUrl: `${issuer}/jwks.json`,
    })
    assert.equal((await verify(`Bearer ${token}`)).accountId, me.accountId, 'a service checks it by itself')
    assert.equal((await call('GET', '/oauth/prj_00000000000000000000000000/jwks.json'))[0], 404)
    assert.equal((await call('POST', '/v1/me:signOut', {}, token))[0], 200)
    await waitFor(async () => (await call('GET', '/v1/me', undefined, token))[0] === 401)
  })
})
