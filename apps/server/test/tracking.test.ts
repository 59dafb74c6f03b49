import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import type { Server } from '../src/server.ts'
import { startHere } from './in-process.ts'

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0'
const TARGET = 'https://shop.example/orders/1?a=1&b=ä'

const database = useTestDatabase()
const home = temporaryHome()
let server: Server
let key = ''

before(async () => {
  const env = { MAINSTAY_PUBLIC_URL: 'https://m.example' }
  server = await startHere('all', { database, home, env })
  const { project } = await server.program.access.ensureBootstrap()
  key = (await server.program.access.ensureDevKey(project.project_id)).secret
  await database.db.query({
    text: `INSERT INTO notify.tracking_settings VALUES ($1, true, true, now())`,
    values: [project.project_id],
  })
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

async function call(path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(server.httpUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  assert.ok(response.ok, `${path}: ${response.status}`)
  return (await response.json()) as Record<string, unknown>
}

const visit = (path: string, method = 'GET') =>
  fetch(server.httpUrl + path, { method, redirect: 'manual', headers: { 'user-agent': AGENT } })

/** What a recipient of the mail finds in it. */
async function sendMail(): Promise<{ messageId: string; click: string; open: string }> {
  const html = `<p>Hi</p><a href="${TARGET.replace('&', '&amp;')}">Your order</a>`
  const { messageIds } = await call('/v1/notifications', {
    to: { email: 'ada@example.com' },
    email: { subject: 'Your order', html },
  })
  const [messageId = ''] = messageIds as string[]
  const mailId = await waitFor(async () => {
    const { mails = [] } = (await call('/v1/mailbox/mails')) as {
      mails?: { mailId: string; messageId: string }[]
    }
    return mails.find((mail) => mail.messageId === messageId)?.mailId
  })
  const mail = await call(`/v1/mailbox/mails/${mailId}`)
  const pathOf = (pattern: RegExp): string =>
    pattern.exec(String(mail.html))?.[1] ?? assert.fail(String(mail.html))
  return {
    messageId,
    click: pathOf(/href="https:\/\/m\.example(\/c\/[^"]+)"/),
    open: pathOf(/src="https:\/\/m\.example(\/o\/[^"]+\.gif)"/),
  }
}

test('a link in a mail leads where it led, and the message was then seen and followed', async () => {
  const { messageId, click } = await sendMail()
  const asked = await visit(click, 'HEAD')
  assert.equal(asked.status, 302)
  assert.equal((await call(`/v1/messages/${messageId}`)).clickTime, undefined)
  const followed = await visit(click)
  assert.equal(followed.status, 302)
  assert.equal(followed.headers.get('location'), new URL(TARGET).href)
  assert.equal(followed.headers.get('cache-control'), 'no-store')
  assert.equal(followed.headers.get('referrer-policy'), 'no-referrer')
  const message = await call(`/v1/messages/${messageId}`)
  assert.ok(message.clickTime !== undefined && message.seenTime !== undefined)
})

test('the picture is a picture, is kept nowhere, and tells that the mail was opened', async () => {
  const { messageId, open } = await sendMail()
  const picture = await visit(open)
  assert.equal(picture.status, 200)
  assert.equal(picture.headers.get('content-type'), 'image/gif')
  assert.equal(picture.headers.get('cache-control'), 'no-store')
  assert.equal(
    Buffer.from(await picture.arrayBuffer())
      .subarray(0, 6)
      .toString(),
    'GIF89a',
  )
  const message = await call(`/v1/messages/${messageId}`)
  assert.ok(message.seenTime !== undefined)
  assert.equal(message.clickTime, undefined)
})

test('what was not made here leads nowhere', async () => {
  const { click } = await sendMail()
  for (const path of [
    '/c/',
    '/c/https://evil.example',
    '/c/%2F%2Fevil.example',
    `${click}x`,
    click.slice(0, -1),
    '/o/abc.gif',
    click.replace('/c/', '/o/'),
  ]) {
    const answer = await visit(path)
    assert.equal(answer.status, 404, path)
    assert.equal(answer.headers.get('location'), null)
  }
})
