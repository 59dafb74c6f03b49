import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { ReportRequest } from './reports.ts'
import { verifyStandardWebhook } from './webhook-verification.ts'

const secret = `whsec_${Buffer.from('a secret of 24 bytes, ok').toString('base64')}`
const signedMs = 1_760_000_000_000

/** Signed by the reference implementation. */
function signed(text: string, change: Partial<ReportRequest> = {}): ReportRequest {
  return {
    method: 'POST',
    url: 'https://acme.example/reports/1',
    headers: {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(signedMs / 1000),
      'webhook-signature': new Webhook(secret).sign('evt_1', new Date(signedMs), text),
    },
    body: Buffer.from(text),
    receivedMs: signedMs + 1000,
    ...change,
  }
}

function withHeader(name: string, value: string | undefined): ReportRequest {
  const good = signed('{"a":1}')
  return { ...good, headers: { ...good.headers, [name]: value } }
}

describe('webhooks signed by the standard', () => {
  test('are believed and known by their id', () => {
    assert.deepEqual(verifyStandardWebhook(signed('{"a":"ä"}'), secret, 'webhook'), { id: 'evt_1' })
  })

  test('are believed when one of several signatures is right, as while a secret is rotated', () => {
    const right = signed('{"a":1}').headers['webhook-signature']
    const several = withHeader('webhook-signature', `v1a,xyz v1,${'A'.repeat(43)}= ${right}`)
    assert.deepEqual(verifyStandardWebhook(several, secret, 'webhook'), { id: 'evt_1' })
  })

  test('are forged with anything else', () => {
    const good = signed('{"a":1}')
    const otherSecret = `whsec_${Buffer.from('another secret, 24 bytes').toString('base64')}`
    const forged: [ReportRequest, string, 'webhook' | 'svix'][] = [
      [{ ...good, body: Buffer.from('{"a":2}') }, secret, 'webhook'],
      [{ ...good, body: Buffer.alloc(0) }, secret, 'webhook'],
      [{ ...good, headers: {} }, secret, 'webhook'],
      [good, secret, 'svix'],
      [good, otherSecret, 'webhook'],
      [good, '', 'webhook'],
      [{ ...good, receivedMs: signedMs + 301_000 }, secret, 'webhook'],
      [{ ...good, receivedMs: signedMs - 301_000 }, secret, 'webhook'],
      [withHeader('webhook-id', 'evt_2'), secret, 'webhook'],
      [withHeader('webhook-id', ''), secret, 'webhook'],
      [withHeader('webhook-timestamp', String(signedMs / 1000 + 1)), secret, 'webhook'],
      [withHeader('webhook-timestamp', 'now'), secret, 'webhook'],
      [withHeader('webhook-timestamp', undefined), secret, 'webhook'],
      [withHeader('webhook-signature', ''), secret, 'webhook'],
      [withHeader('webhook-signature', 'v1,'), secret, 'webhook'],
      [withHeader('webhook-signature', 'v1,💥'), secret, 'webhook'],
      [withHeader('webhook-signature', good.headers['webhook-signature']?.slice(3)), secret, 'webhook'],
      [
        withHeader('webhook-signature', `v2,${good.headers['webhook-signature']?.slice(3)}`),
        secret,
        'webhook',
      ],
      [withHeader('webhook-signature', good.headers['webhook-signature']?.slice(0, -8)), secret, 'webhook'],
    ]
    for (const [request, key, prefix] of forged) {
      assert.ok('forged' in verifyStandardWebhook(request, key, prefix), JSON.stringify(request.headers))
    }
  })
})
