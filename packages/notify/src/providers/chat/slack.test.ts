import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { type PeerAnswer, startServicePeer } from '../../testing/service-peer.ts'
import { describeService } from '../../testing/service-suite.ts'
import { createServiceAdapter } from '../service.ts'
import { slack } from './slack.ts'
import { toSlackText } from './slack-text.ts'

const config = { token: `xoxb-${'1234567890-'.repeat(3)}abcdef`, mentions: '' }
const refused = (error: string): PeerAnswer => ({ status: 200, body: JSON.stringify({ ok: false, error }) })
const fault = { outcome: 'rejected_transient', accountFault: true } as const
const dead = { outcome: 'rejected_permanent', addressFault: true } as const

describeService({
  service: slack,
  config,
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /api/chat.postMessage')
    assert.equal(call.headers.authorization, `Bearer ${config.token}`)
    assert.equal(call.headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(JSON.parse(call.body), {
      channel: 'C0123456789',
      text: 'Order *1234* has shipped',
      parse: 'none',
      link_names: false,
      metadata: { event_type: 'mainstay_message', event_payload: { message_id: message.messageId } },
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({ ok: true, channel: 'C0123456789', ts: '1503435956.000247', message: {} }),
    providerMessageId: 'C0123456789:1503435956.000247',
  },
  answers: [
    { name: 'no such channel', ...refused('user_not_found'), means: dead },
    { name: 'an archived channel', ...refused('is_archived'), means: dead },
    {
      name: 'a channel without the bot',
      ...refused('not_in_channel'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'a channel to read', ...refused('restricted_action'), means: { outcome: 'rejected_permanent' } },
    { name: 'too long', ...refused('msg_too_long'), means: { outcome: 'rejected_permanent' } },
    { name: 'what nobody documents', ...refused('toString'), means: { outcome: 'rejected_permanent' } },
    ...['invalid_auth', 'not_authed', 'token_revoked', 'account_inactive', 'missing_scope'].map((error) => ({
      name: error,
      ...refused(error),
      means: fault,
    })),
    { name: 'too many', ...refused('rate_limited'), means: { outcome: 'rejected_transient' } },
    {
      name: 'too many, by its status',
      status: 429,
      headers: { 'retry-after': '30' },
      body: '{"ok":false,"error":"ratelimited"}',
      means: { outcome: 'rejected_transient', retryAfterMs: 30_000 },
    },
    { name: 'unavailable', ...refused('service_unavailable'), means: { outcome: 'rejected_transient' } },
    { name: 'perhaps half done', ...refused('internal_error'), means: { outcome: 'unknown' } },
    { name: 'a catastrophe', ...refused('fatal_error'), means: { outcome: 'unknown' } },
    { name: 'an error of theirs', status: 500, means: { outcome: 'unknown' } },
    { name: 'a page of something between', status: 200, body: '<html>', means: { outcome: 'unknown' } },
  ],
})

describe('a post to Slack', () => {
  const text =
    'For <!channel>, <!here|x>, <!subteam^S1>, <@U1>: <https://acme.example|order> <!date^1^{date}|now> #<#C1>'

  test('calls nobody whose name came in with data', () => {
    assert.equal(
      toSlackText(text, ''),
      'For &lt;!channel>, &lt;!here|x>, &lt;!subteam^S1>, &lt;@U1>: <https://acme.example|order> <!date^1^{date}|now> #<#C1>',
    )
    assert.equal(toSlackText('<<!channel>', 'none'), '<&lt;!channel>')
    assert.equal(toSlackText(text, 'allowed'), text)
  })

  test('is verified by a call that Slack also answers 200 to when it refuses', async () => {
    const peer = await startServicePeer()
    const client = createServiceAdapter(slack, {
      connectTimeoutMs: 2000,
      sendTimeoutMs: 2000,
      allowPrivate: true,
      connections: 1,
      nowMs: () => Date.now(),
      resolveUrl: (url) => peer.origin + new URL(url).pathname,
    }).connect(config)
    after(() => peer.close())
    after(() => client.close())
    peer.act = () => refused('invalid_auth')
    assert.equal((await client.verify()).ok, false)
    peer.act = () => ({ status: 200, body: '{"ok":true,"team":"Acme"}' })
    assert.equal((await client.verify()).ok, true)
    assert.deepEqual(
      peer.calls.map(({ path }) => path),
      ['/api/auth.test', '/api/auth.test'],
    )
    const patient = new AbortController().signal
    for (const [change, isAddress] of [
      [{ to: ' ' }, true],
      [{ to: 'C1\n' }, true],
      [{ text: 'x'.repeat(40_001) }, false],
    ] as const) {
      const result = await client.send(aMessage('chat', change), patient)
      assert.deepEqual([result.outcome, 'addressFault' in result], ['rejected_permanent', isAddress])
    }
    assert.equal(peer.calls.length, 2)
  })
})
