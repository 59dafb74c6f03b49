import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { teamsWebhook } from './teams-webhook.ts'

const path = '/powerautomate/automations/direct/workflows/0123456789abcdef/triggers/manual/paths/invoke'
const query = 'api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz'
const config = { url: `https://default0123.45.environment.api.powerplatform.com:443${path}?${query}` }
const error = (code: string) => JSON.stringify({ error: { code, message: 'Refused.' } })
const fault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: teamsWebhook,
  config,
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, `POST ${path}?${query}`)
    assert.equal(call.headers['x-ms-client-tracking-id'], message.messageId)
    assert.deepEqual(JSON.parse(call.body), {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.2',
            body: [{ type: 'TextBlock', text: message.text, wrap: true }],
          },
        },
      ],
    })
  },
  success: {
    status: 202,
    headers: { 'x-ms-workflow-run-id': '08584501212803046161' },
    providerMessageId: '08584501212803046161',
  },
  answers: [
    {
      name: 'not what the workflow takes',
      status: 400,
      body: error('TriggerInputSchemaMismatch'),
      means: { outcome: 'rejected_permanent' },
    },
    { name: 'a wrong signature', status: 401, body: error('DirectApiAuthorizationRequired'), means: fault },
    { name: 'not allowed', status: 403, body: error('Forbidden'), means: fault },
    { name: 'no such workflow', status: 404, body: error('WorkflowNotFound'), means: fault },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '20' },
      body: error('TooManyRequests'),
      means: { outcome: 'rejected_transient', retryAfterMs: 20_000 },
    },
    {
      name: 'an error of theirs',
      status: 500,
      body: error('InternalServerError'),
      means: { outcome: 'unknown' },
    },
    { name: 'no answer from within', status: 502, body: error('NoResponse'), means: { outcome: 'unknown' } },
  ],
})

test('a post to Teams can mention nobody, and is no larger than Teams takes', async () => {
  const context = { nowMs: () => 0, allowPrivate: false, call: () => assert.fail('it calls nobody else') }
  const request = await teamsWebhook.request(aMessage('chat', { text: '<at>everyone</at>' }), config, context)
  assert.ok('body' in request && !String(request.body).includes('entities'))
  const large = await teamsWebhook.request(aMessage('chat', { text: 'ü'.repeat(14_300) }), config, context)
  assert.partialDeepStrictEqual(large, { result: { outcome: 'rejected_permanent' } })
})

test('only workflows of Microsoft are called', () => {
  const { pattern } = teamsWebhook.fields.url
  assert.match(`https://prod-12.westeurope.logic.azure.com:443/workflows/0123/triggers/manual?sig=a`, pattern)
  for (const url of [
    'https://acme.webhook.office.com/webhookb2/0123456789abcdef0123/IncomingWebhook/1/2',
    'https://evil.example/?x.logic.azure.com/workflows/0123456789abcdef0123',
    'https://x.logic.azure.com.evil.example/workflows/0123456789abcdef0123',
    'http://x.logic.azure.com/workflows/0123456789abcdef0123',
  ]) {
    assert.doesNotMatch(url, pattern)
  }
})
