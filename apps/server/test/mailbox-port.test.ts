import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { createTransport } from 'nodemailer'
import { findPort, readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
let server: ServerProcess
let port = 0

before(async () => {
  port = await findPort()
  server = spawnServer(home, { NOTIFY_MAILBOX_PORT: String(port) })
  await server.ready()
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

const send = (pass: string) =>
  createTransport({ host: '127.0.0.1', port, secure: false, auth: { user: 'mainstay', pass } }).sendMail({
    from: 'app@example.com',
    to: 'ada@example.com',
    subject: 'From another program',
    text: 'Hello',
  })

test("another program's mail lands in the mailbox of the key's project", async () => {
  const { apiUrl, apiKey } = readBanner(server.output())
  await send(apiKey)
  const mails = await waitFor(
    async () => {
      const response = await fetch(`${apiUrl}/v1/mailbox/mails`, {
        headers: { authorization: `Bearer ${apiKey}` },
      })
      return ((await response.json()) as { mails?: { subject: string }[] }).mails
    },
    { what: 'the mail' },
  )
  assert.deepEqual(
    mails.map(({ subject }) => subject),
    ['From another program'],
  )
})

test('a program without a working key is refused', async () => {
  await assert.rejects(send('msk_test_wrong'), /535|Invalid login|auth/i)
})
