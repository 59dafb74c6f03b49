import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { createVerify, expressAuth, fastifyAuth, type RequestWithAccount, TokenError } from './verify.ts'

const CLAIMS = {
  kind: 'driver',
  sid: 'asn_1',
  client_id: 'cli_1',
  amr: ['otp', 'sms'],
  auth_time: 1_800_000_000,
}

describe('a service that checks tokens by itself', () => {
  let server: Server
  let issuer = ''
  let reads = 0
  let published: JWK[] = []
  let privateKey: CryptoKey
  let publicJwk: JWK

  const addKey = async (kid: string): Promise<CryptoKey> => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    publicJwk = { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' }
    published = [...published, publicJwk]
    return pair.privateKey
  }
  before(async () => {
    server = createServer((_request, response) => {
      reads++
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: published }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/prj_1`
    privateKey = await addKey('first')
  })
  after(() => void server.close())

  const sign = (claims: object = {}, header: object = {}, key = privateKey) => {
    const all = {
      ...CLAIMS,
      iss: issuer,
      aud: 'drivers',
      sub: 'acc_1',
      iat: now(),
      exp: now() + 600,
      ...claims,
    }
    return new SignJWT(all)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'first', ...header })
      .sign(key)
  }
  const now = () => Math.floor(Date.now() / 1000)
  const verify = (token: string, more: object = {}) =>
    createVerify({ issuer, audience: 'drivers', ...more })(`Bearer ${token}`)
  const isRefused = (code: string) => (error: unknown) => error instanceof TokenError && error.code === code

  test('learns who calls, and reads the keys once', async () => {
    const check = createVerify({ issuer, audience: ['drivers', 'riders'], kinds: ['driver'] })
    const before = reads
    for (let index = 0; index < 3; index++) {
      const account = await check(`Bearer ${await sign()}`)
      assert.deepEqual(
        [account.accountId, account.kind, account.methods],
        ['acc_1', 'driver', ['otp', 'sms']],
      )
    }
    assert.equal(reads, before + 1)
  })

  test('takes a key that was published later', async () => {
    const second = await addKey('second')
    const account = await verify(await sign({}, { kid: 'second' }, second))
    assert.equal(account.sessionId, 'asn_1')
  })

  test('refuses what is missing, expired, for somebody else or of another kind', async () => {
    const check = createVerify({ issuer, audience: 'drivers' })
    await assert.rejects(check(undefined), isRefused('missing'))
    await assert.rejects(check('Basic abc'), isRefused('missing'))
    await assert.rejects(verify(await sign({ exp: now() - 60 })), isRefused('expired'))
    await assert.rejects(verify(await sign({ aud: 'riders' })), isRefused('invalid'))
    await assert.rejects(verify(await sign({ iss: `${issuer}/test` })), isRefused('invalid'))
    await assert.rejects(verify(await sign(), { kinds: ['customer'] }), isRefused('invalid'))
    await assert.rejects(verify(await sign({ kind: undefined })), isRefused('invalid'))
  })

  test('attacks: alg none, HS256 with the public key, a key in the header, an ID token, another key id', async () => {
    const token = await sign()
    const [head = '', body = '', mac = ''] = token.split('.')
    const header = (more: object) =>
      Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(head, 'base64url').toString()), ...more }),
      ).toString('base64url')
    const hs256 = `${header({ alg: 'HS256' })}.${body}`
    const own = await generateKeyPair('ES256', { extractable: true })
    const strange = [
      `${header({ alg: 'none' })}.${body}.`,
      `${hs256}.${createHmac('sha256', JSON.stringify(publicJwk)).update(hs256).digest('base64url')}`,
      await sign({}, { jwk: await exportJWK(own.publicKey) }, own.privateKey),
      await sign({}, { jku: `${issuer}/evil.json` }, own.privateKey),
      await sign({}, { typ: 'JWT' }),
      await sign({}, { kid: '../../etc/passwd' }),
      `${head}.${Buffer.from(JSON.stringify({ ...CLAIMS, sub: 'acc_2' })).toString('base64url')}.${mac}`,
      `${token}x`,
      'x'.repeat(10_000),
    ]
    for (const one of strange) await assert.rejects(verify(one), isRefused('invalid'), one.slice(0, 80))
  })

  test('says that keys could not be read, instead of blaming the caller', async () => {
    const nowhere = createVerify({ issuer, audience: 'drivers', jwksUrl: 'http://127.0.0.1:1/jwks.json' })
    await assert.rejects(nowhere(`Bearer ${await sign()}`), (error) => !(error instanceof TokenError))
    assert.throws(() => createVerify({ issuer, audience: 'a', clockToleranceSeconds: 3600 }), RangeError)
  })

  test('does so for Fastify and Express', async () => {
    const check = createVerify({ issuer, audience: 'drivers' })
    const told: unknown[] = []
    const answer = (status: number) => ({
      header: (name: string, value: string) => ({
        send: (body: unknown) => told.push(status, name, value, body),
      }),
      set: (name: string, value: string) => ({
        json: (body: unknown) => told.push(status, name, value, body),
      }),
    })
    const good: RequestWithAccount = { headers: { authorization: `Bearer ${await sign()}` } }
    await fastifyAuth(check)(good, { code: answer })
    assert.equal(good.account?.accountId, 'acc_1')
    const other: RequestWithAccount = { headers: { authorization: `Bearer ${await sign()}` } }
    let passed = 0
    await expressAuth(check)(other, { status: answer }, () => passed++)
    assert.deepEqual([other.account?.accountId, passed, told], ['acc_1', 1, []])
    await fastifyAuth(check)({ headers: {} }, { code: answer })
    await expressAuth(check)({ headers: { authorization: 'Bearer x' } }, { status: answer }, () => passed++)
    assert.deepEqual(
      [told[0], told[2], told[4], told[6]],
      [401, 'Bearer', 401, 'Bearer error="invalid_token"'],
    )
    assert.equal(passed, 1)
  })
})
