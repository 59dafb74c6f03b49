import assert from 'node:assert/strict'
import { describeService } from '../../testing/service-suite.ts'
import { slackWebhook } from './slack-webhook.ts'

const fault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: slackWebhook,
  config: {
    url: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
    mentions: '',
  },
  message: { text: '<!channel> Order *1234* has shipped' },
  checkRequest(call) {
    assert.equal(`${call.method} ${call.path}`, 'POST /services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX')
    assert.deepEqual(JSON.parse(call.body), { text: '&lt;!channel> Order *1234* has shipped' })
  },
  success: { status: 200, body: 'ok' },
  answers: [
    {
      name: 'not understood',
      status: 400,
      body: 'invalid_payload',
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'no text', status: 400, body: 'no_text', means: { outcome: 'rejected_permanent' } },
    { name: 'the webhook is switched off', status: 400, body: 'no_service', means: fault },
    { name: 'not allowed there', status: 403, body: 'action_prohibited', means: fault },
    { name: 'a wrong URL', status: 403, body: 'invalid_token', means: fault },
    { name: 'no such webhook', status: 404, body: 'no_service', means: fault },
    { name: 'no such channel', status: 404, body: 'channel_not_found', means: fault },
    { name: 'an archived channel', status: 410, body: 'channel_is_archived', means: fault },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '1' },
      body: 'rate_limited',
      means: { outcome: 'rejected_transient', retryAfterMs: 1000 },
    },
    { name: 'an error of theirs', status: 500, body: 'rollup_error', means: { outcome: 'unknown' } },
  ],
})
