import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { discordWebhook } from './discord-webhook.ts'

const url = `https://discord.com/api/webhooks/223704706495545344/${'3d89bb7572e0fb30d8128367b3b1b44f'.repeat(2)}abcd`
const config = { url, mentions: '' }
const error = (code: number, message: string) => JSON.stringify({ code, message })
const fault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: discordWebhook,
  config,
  message: { text: '@everyone Order **1234** has shipped' },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, `POST ${new URL(url).pathname}?wait=true`)
    assert.deepEqual(JSON.parse(call.body), {
      content: message.text,
      username: 'Acme',
      allowed_mentions: { parse: [] },
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({ id: '1234567890123456789', channel_id: '1', content: '' }),
    providerMessageId: '1234567890123456789',
  },
  answers: [
    {
      name: 'an empty message',
      status: 400,
      body: error(50006, 'Cannot send an empty message'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a wrong form',
      status: 400,
      body: error(50035, 'Invalid Form Body'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'a wrong token', status: 401, body: error(50027, 'Invalid Webhook Token'), means: fault },
    { name: 'no such webhook', status: 404, body: error(10015, 'Unknown Webhook'), means: fault },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '65' },
      body: JSON.stringify({ message: 'You are being rate limited.', retry_after: 64.57, global: false }),
      means: { outcome: 'rejected_transient', retryAfterMs: 64_570 },
    },
    {
      name: 'too many, says the one before Discord',
      status: 429,
      headers: { 'retry-after': '3600' },
      body: '<html>',
      means: { outcome: 'rejected_transient', retryAfterMs: 3_600_000 },
    },
    { name: 'unavailable', status: 503, means: { outcome: 'rejected_transient' } },
    { name: 'an error of theirs', status: 500, means: { outcome: 'unknown' } },
    { name: 'a gateway’s error', status: 502, means: { outcome: 'unknown' } },
  ],
})

test('a post to Discord calls people only where the account allows it', async () => {
  const context = { nowMs: () => 0, allowPrivate: false, call: () => assert.fail('it calls nobody else') }
  const allowed = { url, mentions: 'allowed' }
  const request = await discordWebhook.request(aMessage('chat'), allowed, context)
  assert.ok('body' in request)
  assert.deepEqual(JSON.parse(String(request.body)).allowed_mentions, {
    parse: ['everyone', 'roles', 'users'],
  })
  const long = await discordWebhook.request(aMessage('chat', { text: 'x'.repeat(2001) }), config, context)
  assert.partialDeepStrictEqual(long, { result: { outcome: 'rejected_permanent' } })
  const most = await discordWebhook.request(aMessage('chat', { text: '🎉'.repeat(2000) }), config, context)
  assert.ok('body' in most)
})

test('names that Discord refuses are no senders', () => {
  for (const name of ['', 'Clyde', 'My Discord', 'everyone', 'here', 'a@b', 'a:b', '#a', 'x'.repeat(81)]) {
    assert.equal(discordWebhook.isSender(name), false, name)
  }
  assert.equal(discordWebhook.isSender('Acme Orders'), true)
})
