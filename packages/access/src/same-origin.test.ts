import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSameOrigin } from './same-origin.ts'

const HOST = 'mainstay.example.com'

function accepted(
  headers: { site?: string; origin?: string; host?: string },
  publicUrl?: string,
  reads = false,
) {
  const facts = { secFetchSite: headers.site, origin: headers.origin, host: headers.host ?? HOST }
  return isSameOrigin(facts, publicUrl, reads)
}

describe('a request with a session cookie', () => {
  test('is ours when the browser says same-origin, or that a person typed it', () => {
    assert.ok(accepted({ site: 'same-origin', origin: `https://${HOST}` }))
    assert.ok(accepted({ site: 'none' }))
  })

  test('is refused from another site and from a sibling subdomain, reading or not', () => {
    for (const site of ['cross-site', 'same-site', '', 'SAME-ORIGIN', 'same-origin, cross-site']) {
      assert.ok(!accepted({ site }), site)
      assert.ok(!accepted({ site }, undefined, true), site)
    }
  })

  test('what Sec-Fetch-Site says cannot be outdone by an Origin', () => {
    assert.ok(!accepted({ site: 'cross-site', origin: `https://${HOST}` }))
  })

  test('without Sec-Fetch-Site, the Origin must be the host that was called', () => {
    assert.ok(accepted({ origin: `http://${HOST}` }))
    assert.ok(accepted({ origin: 'http://10.0.0.5:8080', host: '10.0.0.5:8080' }))
    assert.ok(accepted({ origin: 'http://mainstay.local', host: 'MAINSTAY.local' }))
    for (const origin of [
      'https://evil.example',
      `https://${HOST}.evil.example`,
      `https://evil.${HOST}`,
      `http://${HOST}:8081`,
      `https://${HOST}@evil.example`,
      'null',
      '',
      'nonsense',
    ]) {
      assert.ok(!accepted({ origin }), origin)
      assert.ok(!accepted({ origin }, undefined, true), origin)
    }
  })

  test('with a public URL, the Origin must be exactly that, whatever Host a proxy passes on', () => {
    const publicUrl = 'https://console.example.com/mainstay'
    assert.ok(accepted({ origin: 'https://console.example.com', host: 'internal:8080' }, publicUrl))
    assert.ok(!accepted({ origin: 'http://console.example.com' }, publicUrl))
    assert.ok(!accepted({ origin: `https://${HOST}` }, publicUrl))
  })

  test('with neither header it may only read', () => {
    assert.ok(accepted({}, undefined, true))
    assert.ok(!accepted({}))
  })
})
