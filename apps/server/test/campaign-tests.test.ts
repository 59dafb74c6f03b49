import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

describe('a test of a campaign', () => {
  const home = temporaryHome()
  let server: ServerProcess
  let url = ''
  let key = ''

  before(async () => {
    server = spawnServer(home)
    await server.ready()
    const banner = readBanner(server.output())
    url = banner.apiUrl
    key = banner.apiKey
  })
  after(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  interface Mail {
    to: string[]
    subject: string
  }
  const mails = async (): Promise<Mail[]> =>
    ((await call('GET', '/v1/mailbox/mails')).body.mails ?? []) as Mail[]

  async function campaign(content: object): Promise<string> {
    const { status, body } = await call('POST', '/v1/campaigns', {
      displayName: 'Spring',
      audience: { allRecipients: true },
      ...content,
    })
    assert.equal(status, 200, JSON.stringify(body))
    return String(body.campaignId)
  }

  test('reaches each of its targets once, however often it is asked with one key, and counts nowhere', async () => {
    const id = await campaign({ content: { email: { subject: 'Spring is here', text: 'Come in' } } })
    const to = ['ada', 'ben', 'eve'].map((name) => ({ email: `${name}@example.com` }))
    const headers = { 'idempotency-key': 'k'.repeat(200) }
    const first = await call('POST', `/v1/campaigns/${id}:test`, { to }, headers)
    assert.equal(first.status, 200, JSON.stringify(first.body))
    assert.equal((first.body.notifications as unknown[]).length, 3)
    const again = await call('POST', `/v1/campaigns/${id}:test`, { to }, headers)
    assert.deepEqual(again.body, first.body)
    await waitFor(async () => (await mails()).length >= 3)
    assert.deepEqual(
      (await mails()).map(({ subject }) => subject),
      ['Spring is here', 'Spring is here', 'Spring is here'],
    )
    const progress = await call('GET', `/v1/campaigns/${id}/progress`)
    assert.deepEqual([progress.status, progress.body.sent ?? '0'], [200, '0'])
  })

  test('is refused where there is nothing to send, or nobody to send it to', async () => {
    const empty = await campaign({})
    const to = [{ email: 'ada@example.com' }]
    const refused = await call('POST', `/v1/campaigns/${empty}:test`, { to })
    assert.equal(refused.status, 400)
    assert.match(JSON.stringify(refused.body), /must be set before it can be tested/)
    const nobody = await call('POST', `/v1/campaigns/${empty}:test`, { to: [] })
    assert.equal(nobody.status, 400)
    const variant = await campaign({ content: { email: { subject: 'x', text: 'x' } } })
    const unknown = await call('POST', `/v1/campaigns/${variant}:test`, { to, variant: 'B' })
    assert.match(JSON.stringify(unknown.body), /is no variant of this campaign/)
  })
})
