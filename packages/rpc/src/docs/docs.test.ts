import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { registerDocs } from './register.ts'

const errorsFolder = mkdtempSync(join(tmpdir(), 'mainstay-docs-'))
writeFileSync(join(errorsFolder, 'shop.closed.md'), '# shop.closed\n\nCome back **tomorrow**.\n')
const app = Fastify()

before(() => registerDocs(app, { errorsFolder }))
after(async () => {
  await app.close()
  rmSync(errorsFolder, { recursive: true })
})

test('every reason has a page, and the list leads to it', async () => {
  const page = await app.inject('/docs/errors/shop.closed')
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /<h1>shop.closed<\/h1>/)
  assert.match(page.body, /<strong>tomorrow<\/strong>/)
  assert.match((await app.inject('/docs/errors')).body, /href="\/docs\/errors\/shop.closed"/)
})

test('a reason cannot name a file outside the folder', async () => {
  for (const reason of ['..%2f..%2fetc%2fpasswd', '..', 'shop.closed%00', 'nosuch.reason', 'SHOP.closed']) {
    const { statusCode, body } = await app.inject(`/docs/errors/${reason}`)
    assert.equal(statusCode, 404, reason)
    assert.ok(!body.includes('root:'), reason)
  }
})

test('the reference is one page and one script, and may load nothing from elsewhere', async () => {
  const page = await app.inject('/docs')
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'; script-src 'self'/)
  assert.deepEqual(
    [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url),
    ['/docs/viewer.js'],
  )
  const script = await app.inject('/docs/viewer.js')
  assert.equal(script.headers['content-encoding'], 'gzip')
  assert.ok(gunzipSync(script.rawPayload).length > 1_000_000)
})

test('the OpenAPI document is served as it was generated', async () => {
  const document = (await app.inject('/openapi.json')).json()
  assert.equal(document.openapi, '3.1.0')
  assert.ok(document.paths['/v1/notifications'].post.requestBody)
  assert.deepEqual(document.paths['/v1/sessions'].post.security, [])
})
