import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { fromTypeId } from '@mainstay/kernel'
import { jwtVerify } from 'jose'
import { type Http2Peer, startHttp2Peer } from '../../testing/http2-peer.ts'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { OutgoingPush } from '../outgoing.ts'
import { createServiceAdapter } from '../service.ts'
import { apns } from './apns.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const config = {
  teamId: 'DEF123GHIJ',
  keyId: 'ABC123DEFG',
  privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  environment: '',
}
const device = '00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'
const reason = (name: string, more: object = {}) => JSON.stringify({ reason: name, ...more })
const fault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: apns,
  config,
  startPeer: startHttp2Peer,
  message: { to: device, imageUrl: 'https://acme.example/parcel.png' },
  checkRequest(call, push) {
    assert.equal(`${call.method} ${call.path}`, `POST /3/device/${device}`)
    const { headers } = call
    assert.match(headers.authorization ?? '', /^bearer [\w-]+\.[\w-]+\.[\w-]+$/)
    const expiration = Number(headers['apns-expiration'])
    assert.ok(Math.abs(expiration - Date.now() / 1000 - 3600) < 60)
    assert.partialDeepStrictEqual(headers, {
      'apns-topic': 'com.acme.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': 'order-1234',
      'apns-id': fromTypeId('msg', push.messageId),
    })
    assert.deepEqual(JSON.parse(call.body), {
      aps: { alert: { title: push.title, body: push.body }, sound: 'default', 'mutable-content': 1 },
      orderId: '1234',
      mainstay_message: push.messageId,
      mainstay_action_url: push.actionUrl,
      mainstay_image_url: 'https://acme.example/parcel.png',
    })
  },
  success: {
    status: 200,
    headers: { 'apns-id': '01890a5d-ac96-774b-bcce-b302099a8057' },
    providerMessageId: '01890a5d-ac96-774b-bcce-b302099a8057',
  },
  answers: [
    {
      name: 'a device that is gone',
      status: 410,
      body: reason('Unregistered', { timestamp: 1454948015990 }),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a token that has ended',
      status: 410,
      body: reason('ExpiredToken'),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'what is no token',
      status: 400,
      body: reason('BadDeviceToken'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'another app’s token',
      status: 400,
      body: reason('DeviceTokenNotForTopic'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too large',
      status: 413,
      body: reason('PayloadTooLarge'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'a topic of others', status: 400, body: reason('TopicDisallowed'), means: fault },
    { name: 'no such topic', status: 400, body: reason('BadTopic'), means: fault },
    { name: 'an old provider token', status: 403, body: reason('ExpiredProviderToken'), means: fault },
    { name: 'a wrong provider token', status: 403, body: reason('InvalidProviderToken'), means: fault },
    {
      name: 'a key of the other environment',
      status: 403,
      body: reason('BadEnvironmentKeyIdInToken'),
      means: fault,
    },
    {
      name: 'no answer to be had',
      status: 400,
      body: reason('IdleTimeout'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many for one device',
      status: 429,
      headers: { 'retry-after': '9' },
      body: reason('TooManyRequests'),
      means: { outcome: 'rejected_transient', retryAfterMs: 9000 },
    },
    {
      name: 'too many tokens',
      status: 429,
      body: reason('TooManyProviderTokenUpdates'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'unavailable',
      status: 503,
      body: reason('ServiceUnavailable'),
      means: { outcome: 'rejected_transient', retryAfterMs: 900_000 },
    },
    {
      name: 'shutting down',
      status: 503,
      body: reason('Shutdown'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'an error of theirs',
      status: 500,
      body: reason('InternalServerError'),
      means: { outcome: 'unknown' },
    },
  ],
})

describe('an account of APNs', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })

  async function anAccount(account = config) {
    const peer: Http2Peer = await startHttp2Peer()
    peer.act = () => ({ status: 200 })
    const clock = { nowMs: Date.parse('2026-11-22T10:29:00Z') }
    const hosts = new Set<string>()
    const client = createServiceAdapter(apns, {
      connectTimeoutMs: 2000,
      sendTimeoutMs: 2000,
      allowPrivate: true,
      connections: 1,
      nowMs: () => clock.nowMs,
      resolveUrl(url) {
        hosts.add(new URL(url).host)
        return peer.origin + new URL(url).pathname
      },
    }).connect(account)
    cleanups.push(
      () => peer.close(),
      () => client.close(),
    )
    const send = (change: Partial<OutgoingPush> = {}) =>
      client.send(aMessage('push', { to: device, ...change }), new AbortController().signal)
    return { peer, clock, hosts, send }
  }

  test('uses one provider token for half an hour, and every process the same age', async () => {
    const { peer, clock, send } = await anAccount()
    await Promise.all(Array.from({ length: 10 }, () => send()))
    clock.nowMs += 59_000
    await send()
    clock.nowMs += 1000
    await send()
    const tokens = [
      ...new Set(peer.calls.map(({ headers }) => headers.authorization?.slice('bearer '.length))),
    ]
    assert.equal(tokens.length, 2)
    const issued: (number | undefined)[] = []
    for (const token of tokens) {
      const { payload, protectedHeader } = await jwtVerify(token ?? '', publicKey, { issuer: 'DEF123GHIJ' })
      assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'ABC123DEFG' })
      issued.push(payload.iat)
    }
    assert.deepEqual(
      issued,
      ['2026-11-22T10:00:00Z', '2026-11-22T10:30:00Z'].map((time) => Date.parse(time) / 1000),
    )
  })

  test('goes to the environment that it says', async () => {
    const production = await anAccount()
    await production.send()
    const sandbox = await anAccount({ ...config, environment: 'sandbox' })
    await sandbox.send()
    assert.deepEqual(
      [...production.hosts, ...sandbox.hosts],
      ['api.push.apple.com', 'api.sandbox.push.apple.com'],
    )
  })

  test('sends nothing that Apple would refuse for its form', async () => {
    const { peer, send } = await anAccount()
    for (const change of [
      { to: 'device-token-1' },
      { to: `${device}/../x` },
      { data: { aps: '{}' } },
      { body: 'x'.repeat(4096) },
      { body: 'ü'.repeat(2000) },
    ]) {
      assert.equal((await send(change)).outcome, 'rejected_permanent', JSON.stringify(change).slice(0, 60))
    }
    assert.equal(peer.calls.length, 0)
    await send({ collapseKey: '', actionUrl: '', data: {}, class: 'bulk', ttlMs: 10 })
    const [call] = peer.calls
    assert.partialDeepStrictEqual(call?.headers, { 'apns-priority': '5', 'apns-expiration': '0' })
    assert.equal(call?.headers['apns-collapse-id'], undefined)
    assert.deepEqual(Object.keys(JSON.parse(call?.body ?? '')), ['mainstay_message', 'aps'])
  })

  test('with a key that is none is at fault', async () => {
    const broken = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    const { peer, send } = await anAccount({ ...config, privateKey: broken })
    assert.partialDeepStrictEqual(await send(), fault)
    assert.equal(peer.calls.length, 0)
  })
})
