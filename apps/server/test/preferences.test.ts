import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { skipUnless, temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import type { Server } from '../src/server.ts'
import { findProblems } from './axe.ts'
import { LOOKS, launchBrowser } from './console-browser.ts'
import { startHere } from './in-process.ts'

const BASE = 'https://m.example'

describe('unsubscribing and preferences by the links in a mail', () => {
  const database = useTestDatabase()
  const home = temporaryHome()
  let server: Server
  let key = ''
  let projectId = ''

  before(async () => {
    server = await startHere('all', { database, home, env: { MAINSTAY_PUBLIC_URL: BASE } })
    const { project } = await server.program.access.ensureBootstrap()
    projectId = project.project_id
    key = (await server.program.access.ensureDevKey(projectId)).secret
    await call('POST', '/v1/categories', { name: 'offers', displayName: 'Offers <b>', description: 'Deals' })
    await call('POST', '/v1/categories', { name: 'tips', displayName: 'Tips' })
    await call('POST', '/v1/categories', { name: 'security', displayName: 'Security', mandatory: true })
  })
  after(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })

  async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(server.httpUrl + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`)
    return (await response.json()) as Record<string, unknown>
  }

  let people = 0
  const newPerson = async (): Promise<string> => {
    const recipientId = `p${++people}`
    await call('PUT', `/v1/recipients/${recipientId}`, { email: `${recipientId}@example.com` })
    return recipientId
  }

  interface Mail {
    messageId: string
    headers: Record<string, string>
    text: string
  }

  async function sendMail(request: object): Promise<Mail> {
    const email = { subject: 'Hello', text: 'Hello there' }
    const { messageIds } = await call('POST', '/v1/notifications', { email, ...request })
    const [messageId = ''] = messageIds as string[]
    const mailId = await waitFor(async () => {
      const { mails = [] } = (await call('GET', '/v1/mailbox/mails')) as {
        mails?: { mailId: string; messageId: string }[]
      }
      return mails.find((mail) => mail.messageId === messageId)?.mailId
    })
    const mail = await call('GET', `/v1/mailbox/mails/${mailId}`)
    const headers = mail.headers as { name: string; value: string }[]
    return {
      messageId,
      headers: Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value])),
      text: String(mail.text),
    }
  }

  const pathIn = (header: string | undefined): string =>
    /^<https:\/\/m\.example(\/u\/[\w-]+)>$/.exec(header ?? '')?.[1] ?? assert.fail(header)
  const oneClick = (path: string, init: RequestInit = {}) =>
    fetch(server.httpUrl + path, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
      redirect: 'manual',
      ...init,
    })
  const submit = (path: string, form: [string, string][]) =>
    fetch(server.httpUrl + path, { method: 'POST', body: new URLSearchParams(form) })
  const stateOf = async (request: object): Promise<unknown> => {
    const email = { subject: 'Hello', text: 'Hello there' }
    const { messageIds } = await call('POST', '/v1/notifications', { email, ...request })
    return await call('GET', `/v1/messages/${(messageIds as string[])[0]}`)
  }

  test('emails that can be switched off say how; others do not', async () => {
    const to = { recipientId: await newPerson() }
    const offer = await sendMail({ to, category: 'offers' })
    pathIn(offer.headers['list-unsubscribe'])
    assert.equal(offer.headers['list-unsubscribe-post'], 'List-Unsubscribe=One-Click')
    const bulk = await sendMail({ to, messageClass: 'MESSAGE_CLASS_BULK' })
    pathIn(bulk.headers['list-unsubscribe'])
    const silent = [
      await sendMail({ to, category: 'security' }),
      await sendMail({ to }),
      await sendMail({ to, category: 'offers', messageClass: 'MESSAGE_CLASS_OTP' }),
      await sendMail({ to: { email: 'stranger@example.com' }, category: 'offers' }),
    ]
    for (const { headers } of silent) assert.equal(headers['list-unsubscribe'], undefined)
  })

  test('one click unsubscribes from the category, by a form of either kind, without cookies, once however often', async () => {
    const recipientId = await newPerson()
    const mail = await sendMail({ to: { recipientId }, category: 'offers' })
    const path = pathIn(mail.headers['list-unsubscribe'])
    const form = new FormData()
    form.set('List-Unsubscribe', 'One-Click')
    for (const init of [{}, { body: form }, {}]) {
      const answer = await oneClick(path, init)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('set-cookie'), null)
      assert.match(await answer.text(), /You are unsubscribed/)
    }
    const { decisions } = await call('GET', `/v1/recipients/${recipientId}/preferences`)
    const [decision] = decisions as Record<string, unknown>[]
    assert.equal((decisions as unknown[]).length, 1)
    assert.deepEqual(
      [decision?.category, decision?.channel, decision?.source, decision?.actor],
      ['offers', 'CHANNEL_EMAIL', 'PREFERENCE_SOURCE_UNSUBSCRIBE', 'recipient'],
    )
    const { rows } = await database.db.query<{ action: string; actor: string }>({
      text: `SELECT action, actor FROM access.audit_entries WHERE project_id = $1 AND resource = $2`,
      values: [projectId, recipientId],
    })
    assert.deepEqual(rows, [{ action: 'notify.preferences.unsubscribe', actor: 'recipient' }])
    const { entries } = await call('GET', `/v1/messages/${mail.messageId}/timeline`)
    const titles = (entries as { title: string }[]).map(({ title }) => title)
    assert.equal(titles.filter((title) => title === 'Unsubscribed from “Offers <b>” by this mail').length, 1)
    const next = (await stateOf({ to: { recipientId }, category: 'offers' })) as Record<string, unknown>
    assert.equal(next.state, 'MESSAGE_STATE_SKIPPED')
    assert.equal(next.statusDetail, 'The recipient has switched off "Offers <b>" by email.')
    const tips = (await stateOf({ to: { recipientId }, category: 'tips' })) as Record<string, unknown>
    assert.notEqual(tips.state, 'MESSAGE_STATE_SKIPPED')
  })

  test('one click works for a category that is gone, and holds when it comes back', async () => {
    const recipientId = await newPerson()
    await call('POST', '/v1/categories', { name: 'gone', displayName: 'Gone' })
    const path = pathIn(
      (await sendMail({ to: { recipientId }, category: 'gone' })).headers['list-unsubscribe'],
    )
    await call('DELETE', '/v1/categories/gone')
    assert.equal((await oneClick(path)).status, 200)
    await call('POST', '/v1/categories', { name: 'gone', displayName: 'Gone' })
    const next = (await stateOf({ to: { recipientId }, category: 'gone' })) as Record<string, unknown>
    assert.equal(next.state, 'MESSAGE_STATE_SKIPPED')
    await call('DELETE', '/v1/categories/gone')
  })

  test('following the links changes nothing, and the page keeps itself to itself', async () => {
    const recipientId = await newPerson()
    const path = pathIn(
      (await sendMail({ to: { recipientId }, category: 'offers' })).headers['list-unsubscribe'],
    )
    for (const method of ['GET', 'HEAD']) {
      for (const url of [path, path.replace('/u/', '/preferences/')]) {
        const answer = await fetch(server.httpUrl + url, { method })
        assert.equal(answer.status, 200)
        const header = (name: string) => answer.headers.get(name)
        assert.match(header('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
        assert.equal(header('referrer-policy'), 'no-referrer')
        assert.equal(header('cache-control'), 'no-store')
        if (method === 'HEAD') continue
        const html = await answer.text()
        assert.match(html, /Unsubscribe from Offers &#60;b&#62;\?/)
        assert.doesNotMatch(html, /@example\.com|<script/)
      }
    }
    const { decisions } = await call('GET', `/v1/recipients/${recipientId}/preferences`)
    assert.deepEqual(decisions ?? [], [])
  })

  test('the page changes what was shown, says what changed, and leaves alone what was not', async () => {
    const recipientId = await newPerson()
    const { url } = await call('POST', `/v1/recipients/${recipientId}/preferences:link`, {})
    const path = String(url).slice(BASE.length)
    const saved = await submit(path, [
      ['action', 'save'],
      ['shown', 'offers/1'],
      ['shown', 'tips/1'],
      ['on', 'tips/1'],
      // What there is not, or cannot be switched off, is passed over.
      ['shown', 'security/1'],
      ['shown', 'nothing/1'],
    ])
    const html = await saved.text()
    assert.match(html, /Saved\./)
    assert.match(html, /<li>Offers &#60;b&#62;, Email: off<\/li>/)
    assert.doesNotMatch(html, /<li>Tips|<li>Security/)
    const again = await submit(path, [
      ['action', 'save'],
      ['shown', 'offers/1'],
    ])
    assert.match(await again.text(), /Nothing changed\./)
    const all = await submit(path, [['action', 'unsubscribe_all']])
    assert.match(await all.text(), /<li>Tips, Email: off<\/li>/)
    const preferences = await call('GET', `/v1/recipients/${recipientId}/preferences`)
    assert.equal(preferences.unsubscribed, true)
    assert.equal((preferences.decisions as unknown[]).length, 1)
    const back = await submit(path, [
      ['action', 'save'],
      ['shown', 'tips/1'],
      ['on', 'tips/1'],
    ])
    assert.match(await back.text(), /<li>Tips, Email: on<\/li>/)
    const tips = (await stateOf({ to: { recipientId }, category: 'tips' })) as Record<string, unknown>
    assert.notEqual(tips.state, 'MESSAGE_STATE_SKIPPED')
  })

  test('a link that was not made here is told so and leads nowhere', async () => {
    const good = pathIn(
      (await sendMail({ to: { recipientId: await newPerson() }, category: 'offers' })).headers[
        'list-unsubscribe'
      ],
    )
    for (const path of [`${good}x`, good.slice(0, -2), '/u/', '/preferences/nonsense', '/u/%00', '/u/a/b']) {
      for (const method of ['GET', 'POST']) {
        const answer = await fetch(server.httpUrl + path, { method })
        assert.equal(answer.status, 400, `${method} ${path}`)
        assert.match(await answer.text(), /This link does not work/)
      }
    }
  })

  test('templates have the links at hand, where there is a recipient', async () => {
    await call('POST', '/v1/templates', {
      name: 'news',
      email: {
        subject: 'News',
        text: 'Enough? {{ unsubscribe_url }} Less? {{ preferences_url }}',
      },
    })
    const template = { name: 'news' }
    const to = { recipientId: await newPerson() }
    const send = (request: object) => sendMail({ email: undefined, template, ...request })
    const { text, headers } = await send({ to, category: 'tips' })
    const [, unsubscribe = '', page = ''] = /Enough\? (\S+) Less\? (\S+)/.exec(text) ?? assert.fail(text)
    assert.equal(`<${unsubscribe}>`, headers['list-unsubscribe'])
    assert.ok(page.startsWith(`${BASE}/preferences/`))
    const refused = await fetch(`${server.httpUrl}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: { email: 'a@example.com' }, template }),
    })
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), /data\.unsubscribe_url/)
  })

  test('the page works in a browser without a script, in both themes, and people can use it with any help', {
    skip: skipUnless('chromium'),
  }, async (t) => {
    const recipientId = await newPerson()
    const { url } = await call('POST', `/v1/recipients/${recipientId}/preferences:link`, {})
    const browser = await launchBrowser()
    t.after(() => browser.close())
    const page = await (await browser.newContext()).newPage()
    const problems: string[] = []
    page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
    await page.goto(server.httpUrl + String(url).slice(BASE.length))
    await page.getByRole('heading', { name: 'What we may send you' }).waitFor()
    await page.getByText('Always on').waitFor()
    for (const [colorScheme, viewport] of LOOKS) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(viewport)
      assert.deepEqual(await findProblems(page), [])
    }
    const tips = page.getByRole('group', { name: 'Tips' }).getByRole('switch', { name: 'Email' })
    await tips.uncheck()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('Tips, Email: off').waitFor()
    await page.getByRole('button', { name: 'Unsubscribe from everything' }).click()
    await page.getByText('Offers <b>, Email: off').waitFor()
    const { unsubscribed } = await call('GET', `/v1/recipients/${recipientId}/preferences`)
    assert.equal(unsubscribed, true)
    assert.deepEqual(problems, [])
  })
})
