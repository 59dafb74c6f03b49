import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { newId, toTypeId } from '@mainstay/kernel'
import { Webhook } from 'standardwebhooks'
import { aMessage } from '../../testing/outgoing.ts'
import { type PeerCall, startServicePeer } from '../../testing/service-peer.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { OutgoingWebhook } from '../outgoing.ts'
import { createServiceAdapter } from '../service.ts'
import { standardWebhook } from './standard-webhook.ts'

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`
const config = { secret: secretOf('a') }

/** Believes the call as a receiver does that knows this secret. */
function believe(call: PeerCall, secret: string): unknown {
  return new Webhook(secret).verify(call.body, call.headers as Record<string, string>)
}

describeService({
  service: standardWebhook,
  config,
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /hooks')
    assert.equal(call.headers['content-type'], 'application/json')
    assert.equal(call.headers['webhook-id'], message.messageId)
    assert.partialDeepStrictEqual(believe(call, config.secret), {
      type: 'order.shipped',
      data: { orderId: '1234' },
    })
  },
  success: { status: 204 },
  answers: [
    {
      name: 'no more of this',
      status: 410,
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    { name: 'too large', status: 413, means: { outcome: 'rejected_permanent' } },
    { name: 'wrong key, says the receiver', status: 401, means: { outcome: 'rejected_transient' } },
    { name: 'away while it is deployed', status: 404, means: { outcome: 'rejected_transient' } },
    { name: 'not understood today', status: 400, means: { outcome: 'rejected_transient' } },
    {
      name: 'a redirect, not followed',
      status: 302,
      headers: { location: 'https://elsewhere.example/' },
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '30' },
      means: { outcome: 'rejected_transient', retryAfterMs: 30_000 },
    },
    { name: 'unavailable', status: 503, means: { outcome: 'rejected_transient' } },
    { name: 'an error of theirs', status: 500, means: { outcome: 'unknown' } },
    { name: 'a gateway’s error', status: 502, means: { outcome: 'unknown' } },
  ],
})

describe('a webhook', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })

  async function call(
    change: Partial<OutgoingWebhook>,
    account = config,
    options: { allowPrivate?: boolean; nowMs?: () => number } = {},
  ) {
    const peer = await startServicePeer()
    peer.act = () => ({ status: 200 })
    const { allowPrivate = true, nowMs = () => Date.now() } = options
    const client = createServiceAdapter(standardWebhook, {
      connectTimeoutMs: 2000,
      sendTimeoutMs: 2000,
      connections: 1,
      allowPrivate,
      nowMs,
    }).connect(account)
    cleanups.push(
      () => peer.close(),
      () => client.close(),
    )
    const message = aMessage('webhook', { to: `${peer.origin}/hooks?key=1`, ...change })
    const first = await client.send(message, new AbortController().signal)
    return { result: first, message, peer, client }
  }

  test('is signed with every secret of the account, or with those of its endpoint', async () => {
    const rotated = await call({}, { secret: `${secretOf('b')} ${secretOf('a')}` })
    const [both] = rotated.peer.calls as [PeerCall]
    believe(both, secretOf('a'))
    believe(both, secretOf('b'))
    assert.throws(() => believe(both, secretOf('c')))
    assert.throws(() => believe({ ...both, body: both.body.replace('1234', '1235') }, secretOf('a')))
    assert.throws(() =>
      believe({ ...both, headers: { ...both.headers, 'webhook-id': 'msg_2' } }, secretOf('a')),
    )

    const own = await call({ secret: secretOf('c') })
    believe(own.peer.calls[0] as PeerCall, secretOf('c'))
    assert.throws(() => believe(own.peer.calls[0] as PeerCall, secretOf('a')))
  })

  test('has the same id and body at every attempt, and a time of its own', async () => {
    let nowMs = Date.now()
    const { peer, client, message } = await call(
      { messageId: toTypeId('msg', newId()), data: ' {"n":12345678901234567890} ' },
      config,
      { nowMs: () => nowMs },
    )
    nowMs += 60_000
    await client.send({ ...message, attempt: 2 }, new AbortController().signal)
    const [first, second] = peer.calls as [PeerCall, PeerCall]
    assert.equal(first.body, second.body)
    assert.match(first.body, /"data":\{"n":12345678901234567890\}\}$/)
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id'])
    assert.equal(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp']), 60)
  })

  test('that cannot be made as it should is never sent', async () => {
    for (const change of [
      { to: 'customer.example' },
      { to: 'ftp://customer.example/' },
      { to: 'file:///etc/passwd' },
      { to: 'https://user:password@customer.example/' },
      { data: '' },
      { data: '[1]' },
      { data: '{"a":1},"type":"forged"' },
      { secret: 'whsec_short' },
      { secret: `${secretOf('a')} ` },
    ]) {
      const { result, peer } = await call(change)
      assert.equal(result.outcome, 'rejected_permanent', JSON.stringify(change))
      assert.equal(peer.calls.length, 0)
    }
  })

  test('goes to public addresses over TLS only, unless private ones are allowed', async () => {
    const plain = await call({}, config, { allowPrivate: false })
    assert.partialDeepStrictEqual(plain.result, {
      outcome: 'rejected_permanent',
      reply: 'The address does not begin with https://.',
    })
    for (const to of [
      'https://127.0.0.1/',
      'https://localhost/',
      'https://[::1]/',
      'https://169.254.169.254/',
    ]) {
      const { result } = await call({ to }, config, { allowPrivate: false })
      assert.equal(result.outcome, 'rejected_transient')
      assert.match(result.reply, /is a private address/)
      assert.equal('accountFault' in result, false)
    }
  })
})
