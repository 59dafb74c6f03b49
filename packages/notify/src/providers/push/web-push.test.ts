import assert from 'node:assert/strict'
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { jwtVerify } from 'jose'
import webPushLibrary from 'web-push'
import { aMessage } from '../../testing/outgoing.ts'
import { startServicePeer } from '../../testing/service-peer.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { HttpRequest } from '../http-sender.ts'
import type { OutgoingPush } from '../outgoing.ts'
import { createServiceAdapter, type ServiceContext } from '../service.ts'
import { webPush } from './web-push.ts'

const config = { subject: 'mailto:ops@acme.example', ...webPushLibrary.generateVAPIDKeys() }

/** A browser that has subscribed. */
const browser = createECDH('prime256v1')
browser.generateKeys()
const auth = randomBytes(16)
const keys = { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') }
const subscribedAt = (endpoint: string): string => JSON.stringify({ endpoint, expirationTime: null, keys })
const to = subscribedAt('https://push.example/wpush/v2/gAAAA')

/** Decrypts as a browser does: RFC 8188 §2 with the keys of RFC 8291 §3.4. */
function decrypt(body: Buffer): unknown {
  const salt = body.subarray(0, 16)
  const keyLength = body[20] as number
  const sender = body.subarray(21, 21 + keyLength)
  const sealed = body.subarray(21 + keyLength)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), sender])
  const secret = Buffer.from(hkdfSync('sha256', browser.computeSecret(sender), auth, info, 32))
  const derive = (name: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from(`Content-Encoding: ${name}\0`), length))
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12))
  decipher.setAuthTag(sealed.subarray(-16))
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)).toString('utf8'))
}

describeService({
  service: webPush,
  config,
  message: { to },
  checkRequest(call) {
    assert.equal(`${call.method} ${call.path}`, 'POST /wpush/v2/gAAAA')
    assert.partialDeepStrictEqual(call.headers, {
      ttl: '3600',
      urgency: 'high',
      topic: 'order-1234',
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
    })
    assert.match(call.headers.authorization ?? '', /^vapid t=[\w.-]+, k=[\w-]{87}$/)
  },
  success: {
    status: 201,
    headers: { location: 'https://push.example/m/gAAAA' },
    providerMessageId: 'https://push.example/m/gAAAA',
  },
  answers: [
    {
      name: 'a subscription that has ended',
      status: 410,
      body: '{"code":410,"errno":106}',
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'no such subscription',
      status: 404,
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    { name: 'too large', status: 413, means: { outcome: 'rejected_permanent' } },
    { name: 'a wrong header', status: 400, means: { outcome: 'rejected_permanent' } },
    { name: 'another key’s subscription', status: 403, means: { outcome: 'rejected_transient' } },
    { name: 'a wrong signature', status: 401, means: { outcome: 'rejected_transient' } },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '60' },
      means: { outcome: 'rejected_transient', retryAfterMs: 60_000 },
    },
    { name: 'too many, says Windows', status: 406, means: { outcome: 'rejected_transient' } },
    {
      name: 'unavailable',
      status: 503,
      headers: { 'retry-after': '5' },
      means: { outcome: 'rejected_transient', retryAfterMs: 5000 },
    },
    { name: 'an error of theirs', status: 500, means: { outcome: 'unknown' } },
  ],
})

describe('a web push', () => {
  const context = (allowPrivate: boolean): ServiceContext => ({
    nowMs: () => Date.now(),
    allowPrivate,
    call: () => assert.fail('it calls nobody else'),
  })
  const requestFor = (change: Partial<OutgoingPush>, allowPrivate = false) =>
    webPush.request(aMessage('push', { to, ...change }), config, context(allowPrivate))

  test('is read by the browser alone, and is signed for its push service', async () => {
    const request = (await requestFor({ imageUrl: 'https://acme.example/parcel.png' })) as HttpRequest
    assert.partialDeepStrictEqual(decrypt(request.body as Buffer), {
      title: 'On its way',
      body: 'Your order has left our house.',
      image: 'https://acme.example/parcel.png',
      tag: 'order-1234',
      data: { orderId: '1234', mainstay_action_url: 'https://acme.example/orders/1234' },
    })
    const [, token = '', key = ''] = /^vapid t=(.+), k=(.+)$/.exec(request.headers.authorization ?? '') ?? []
    assert.equal(key, config.publicKey)
    const point = Buffer.from(key, 'base64url')
    const publicKey = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: point.subarray(1, 33).toString('base64url'),
        y: point.subarray(33).toString('base64url'),
      },
    })
    const { payload } = await jwtVerify(token, publicKey, { audience: 'https://push.example' })
    assert.equal(payload.sub, 'mailto:ops@acme.example')
    assert.ok((payload.exp ?? 0) <= Date.now() / 1000 + 86_400)
  })

  test('has a topic that push services take, whatever the collapse key', async () => {
    const topic = async (collapseKey: string) =>
      ((await requestFor({ collapseKey })) as HttpRequest).headers.topic
    assert.equal(await topic(''), undefined)
    assert.equal(await topic('order-1'), 'order-1')
    const hashed = await topic('order 1/ü')
    assert.match(hashed ?? '', /^[\w-]{32}$/)
    assert.equal(await topic('order 1/ü'), hashed)
    assert.notEqual(await topic('x'.repeat(64)), await topic('x'.repeat(63)))
  })

  test('goes to subscriptions only', async () => {
    const other = createECDH('prime256v1').generateKeys('base64url')
    for (const wrong of [
      '',
      'null',
      'https://push.example/',
      '{}',
      JSON.stringify({ endpoint: 'https://push.example/' }),
      JSON.stringify({
        endpoint: 'https://push.example/',
        keys: { p256dh: 'B'.repeat(87), auth: keys.auth },
      }),
      JSON.stringify({ endpoint: 'https://push.example/', keys: { p256dh: other, auth: 'short' } }),
      JSON.stringify({ endpoint: ['https://push.example/'], keys }),
    ]) {
      assert.partialDeepStrictEqual(
        await requestFor({ to: wrong }),
        { result: { outcome: 'rejected_permanent', addressFault: true } },
        wrong,
      )
    }
    for (const endpoint of ['http://push.example/', 'file:///etc/passwd', 'https://a:b@push.example/', 'x']) {
      const refused = await requestFor({ to: subscribedAt(endpoint) })
      assert.partialDeepStrictEqual(refused, { result: { outcome: 'rejected_permanent' } }, endpoint)
    }
  })

  test('fits into what every push service takes', async () => {
    const most = await requestFor({ body: 'x'.repeat(3600) })
    assert.ok('body' in most && (most.body as Buffer).length <= 4096)
    const result = await requestFor({ body: 'x'.repeat(4000) })
    assert.partialDeepStrictEqual(result, { result: { outcome: 'rejected_permanent' } })
  })

  test('is never sent to private addresses', async () => {
    const peer = await startServicePeer()
    after(() => peer.close())
    const adapter = createServiceAdapter(webPush, {
      connectTimeoutMs: 2000,
      sendTimeoutMs: 2000,
      allowPrivate: false,
      connections: 1,
      nowMs: () => Date.now(),
    })
    const client = adapter.connect(config)
    after(() => client.close())
    for (const host of ['127.0.0.1', 'localhost', '169.254.169.254', '[::1]']) {
      const push = aMessage('push', { to: subscribedAt(`https://${host}:${new URL(peer.origin).port}/`) })
      const result = await client.send(push, new AbortController().signal)
      assert.equal(result.outcome, 'rejected_transient')
      assert.match(result.reply, /is a private address/)
    }
    assert.equal(peer.calls.length, 0)
  })
})
