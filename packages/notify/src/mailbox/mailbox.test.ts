import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createPageTokens, fromTypeId, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import type { ProviderClient } from '../providers/adapter.ts'
import { createSandboxAdapter } from '../providers/sandbox.ts'
import { createSmtpAdapter } from '../providers/smtp.ts'
import { ledgerMigrations, queueMessages, readMessage } from '../testing/ledger.ts'
import { aMessage, patient } from '../testing/outgoing.ts'
import { mailboxHandlers } from './api.ts'
import { createIntake } from './intake.ts'
import { createMailbox, type Mailbox } from './server.ts'
import type { Delivered } from './store.ts'

describe('the sandbox mailbox', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const logger = { warn: () => {} }
  const smtp = createSmtpAdapter({ connectTimeoutMs: 5000, sendTimeoutMs: 5000 })
  const keep = 150
  const announced: Delivered[] = []
  const clients: ProviderClient[] = []
  let mailbox: Mailbox
  let othersPort: number

  before(async () => {
    const intake = createIntake({
      db: database.db,
      clock: systemClock,
      logger,
      keep,
      announceDelivered: async (_, delivered) => void announced.push(...delivered),
    })
    mailbox = createMailbox({ intake, logger })
    othersPort = await mailbox.listenForOthers(0, async (password) =>
      password === 'an-api-key' ? otherProject : undefined,
    )
  })
  after(async () => {
    await Promise.all(clients.map((client) => client.close()))
    await mailbox.close()
  })

  const otherProject = newId()

  function sandbox(projectId: string): ProviderClient {
    const client = createSandboxAdapter({
      endpointFor: mailbox.endpointFor,
      smtp,
      keep: async () => assert.fail('mail is for the mailbox'),
    }).connect({ projectId })
    clients.push(client)
    return client
  }

  const handlers = () => mailboxHandlers(database.db, createPageTokens(Buffer.alloc(32, 7)))
  const inProject = (projectId: string) => ({ projectId, method: 'test' }) as CallContext
  const ask = {
    $typeName: 'mainstay.notify.v1.ListMailsRequest',
    pageSize: 0,
    pageToken: '',
    to: '',
  } as const

  async function listAll(projectId: string, to = '') {
    return (await handlers().listMails({ ...ask, to, pageSize: 500 }, inProject(projectId))).mails ?? []
  }

  test('a mail to the sandbox is stored whole, and its message is delivered', async () => {
    const projectId = newId()
    const [messageId = ''] = await queueMessages(database.db, [{ projectId }])
    const email = aMessage('email', {
      messageId: toTypeId('msg', messageId),
      to: 'Ada@customer.example',
      subject: 'Grüße ✓',
      text: 'First line\nsecond line\n',
    })
    const result = await sandbox(projectId).send(email, patient)
    assert.equal(result.outcome, 'accepted')
    assert.match(result.reply, /^250 2\.0\.0 Stored as [0-9a-f-]{36}$/)

    const [mail] = await listAll(projectId)
    assert.equal(mail?.subject, 'Grüße ✓')
    assert.equal(mail?.messageId, email.messageId)
    assert.deepEqual(mail?.to, ['Ada@customer.example'])
    assert.equal(mail?.snippet, 'First line second line')
    assert.equal(mail?.text, undefined)
    const whole = await handlers().getMail(
      { $typeName: 'mainstay.notify.v1.GetMailRequest', mailId: mail?.mailId ?? '' },
      inProject(projectId),
    )
    assert.equal(whole.text?.replace(/\r\n/g, '\n'), 'First line\nsecond line\n')
    assert.equal(whole.html, '<p>Thank you.</p>')
    assert.equal(whole.from, 'Acme <hello@acme.example>')
    const header = whole.headers?.find(({ name }) => name === 'Message-ID')
    assert.equal(header?.value, `<${email.messageId}@acme.example>`)

    const message = await readMessage(database.db, messageId)
    assert.equal(message.state, MessageState.DELIVERED)
    assert.deepEqual(announced, [{ projectId, messageId }])
    const { rows } = await database.db.query({
      text: 'SELECT kind, title FROM notify.message_notes WHERE message_id = $1',
      values: [messageId],
    })
    assert.deepEqual(rows, [{ kind: 5, title: 'Delivered' }])
  })

  test('a second copy is stored and changes nothing on the message', async () => {
    const projectId = newId()
    const [messageId = ''] = await queueMessages(database.db, [{ projectId }])
    const email = aMessage('email', { messageId: toTypeId('msg', messageId) })
    const client = sandbox(projectId)
    await Promise.all([client.send(email, patient), client.send({ ...email, attempt: 2 }, patient)])
    await client.send({ ...email, attempt: 3 }, patient)
    assert.equal((await listAll(projectId)).length, 3)
    assert.equal(announced.filter((one) => one.messageId === messageId).length, 1)
    const { rows } = await database.db.query({
      text: 'SELECT FROM notify.message_notes WHERE message_id = $1',
      values: [messageId],
    })
    assert.equal(rows.length, 1)
  })

  test('an end that delivery does not follow stays', async () => {
    const projectId = newId()
    const [messageId = ''] = await queueMessages(database.db, [{ projectId }])
    await database.db.query({
      text: 'UPDATE notify.messages SET state = 12 WHERE message_id = $1',
      values: [messageId],
    })
    await sandbox(projectId).send(aMessage('email', { messageId: toTypeId('msg', messageId) }), patient)
    assert.equal((await readMessage(database.db, messageId)).state, MessageState.CANCELLED)
  })

  test('a worker of one project cannot deliver the message of another', async () => {
    const [messageId = ''] = await queueMessages(database.db, [{ projectId: newId() }])
    await sandbox(newId()).send(aMessage('email', { messageId: toTypeId('msg', messageId) }), patient)
    assert.equal((await readMessage(database.db, messageId)).state, MessageState.ACCEPTED)
  })

  test('pages go from the newest to the oldest mail, and the filter ignores case', async () => {
    const projectId = newId()
    const client = sandbox(projectId)
    for (let mail = 0; mail < 7; mail++) {
      await client.send(
        aMessage('email', { subject: `Mail ${mail}`, to: mail % 2 ? 'Odd@x.example' : 'even@x.example' }),
        patient,
      )
    }
    const subjects: string[] = []
    let pageToken = ''
    do {
      const page = await handlers().listMails({ ...ask, pageSize: 3, pageToken }, inProject(projectId))
      subjects.push(...(page.mails ?? []).map((mail) => mail.subject ?? ''))
      pageToken = page.nextPageToken ?? ''
    } while (pageToken !== '')
    assert.deepEqual(
      subjects,
      [6, 5, 4, 3, 2, 1, 0].map((mail) => `Mail ${mail}`),
    )
    assert.deepEqual(
      (await listAll(projectId, 'odd@X.example')).map((mail) => mail.subject),
      ['Mail 5', 'Mail 3', 'Mail 1'],
    )
  })

  test('clearing empties the mailbox of one project only', async () => {
    const [mine, theirs] = [newId(), newId()]
    for (const projectId of [mine, theirs]) await sandbox(projectId).send(aMessage('email'), patient)
    const request = { $typeName: 'mainstay.notify.v1.ClearMailboxRequest' } as const
    assert.deepEqual(await handlers().clearMailbox(request, inProject(mine)), { removedCount: 1 })
    assert.equal((await listAll(mine)).length, 0)
    assert.equal((await listAll(theirs)).length, 1)
  })

  test('a mail that is not there, or is of another project, is not found', async () => {
    const projectId = newId()
    await sandbox(projectId).send(aMessage('email'), patient)
    const [mail] = await listAll(projectId)
    for (const mailId of [toTypeId('mai', newId()), mail?.mailId ?? '']) {
      const request = { $typeName: 'mainstay.notify.v1.GetMailRequest', mailId } as const
      await assert.rejects(async () => handlers().getMail(request, inProject(newId())), {
        reason: 'notify.mail_not_found',
      })
    }
  })

  test('the mailbox keeps the newest mails of a project', async () => {
    const projectId = newId()
    const client = sandbox(projectId)
    await Promise.all(Array.from({ length: keep + 110 }, () => client.send(aMessage('email'), patient)))
    const last = await client.send(aMessage('email', { subject: 'The last' }), patient)
    assert.equal(last.outcome, 'accepted')
    const mails = await waitFor(
      async () => {
        const found = await listAll(projectId)
        return found.length <= keep + 100 && found
      },
      { what: 'the mailbox to be trimmed' },
    )
    assert.equal(mails[0]?.subject, 'The last')
    assert.equal(fromTypeId('mai', mails[0]?.mailId ?? '') !== undefined, true)
  })

  test('nobody comes in without the password of this process and project', async () => {
    const projectId = newId()
    const endpoint = await mailbox.endpointFor(projectId)
    for (const change of [
      { password: 'guess' },
      { username: newId() },
      { username: '', password: '' },
      { port: othersPort },
    ]) {
      const client = smtp.connect({ ...endpoint, security: 'none', maxConnections: 1, ...change })
      clients.push(client)
      const result = await client.send(aMessage('email'), patient)
      assert.equal('accountFault' in result && result.accountFault, true, JSON.stringify([change, result]))
    }
    assert.equal((await listAll(projectId)).length, 0)
  })

  test('other programs come in with an API key, and cannot claim a message', async () => {
    const [messageId = ''] = await queueMessages(database.db, [{ projectId: otherProject }])
    const client = smtp.connect({
      host: '127.0.0.1',
      port: othersPort,
      security: 'none',
      username: 'anything',
      password: 'an-api-key',
      maxConnections: 1,
    })
    clients.push(client)
    assert.equal(
      (await client.send(aMessage('email', { messageId: toTypeId('msg', messageId) }), patient)).outcome,
      'accepted',
    )
    const [mail] = await listAll(otherProject)
    assert.equal(mail?.messageId, '')
    assert.equal((await readMessage(database.db, messageId)).state, MessageState.ACCEPTED)
  })

  test('a port that is taken is told by the name of its setting', async () => {
    await assert.rejects(
      mailbox.listenForOthers(othersPort, async () => undefined),
      /^Error: NOTIFY_MAILBOX_PORT: port \d+ of 127\.0\.0\.1 cannot be listened on$/,
    )
  })

  test('mail as strange as it comes is stored or refused, and takes no other mail with it', async () => {
    const projectId = newId()
    const { port, username, password } = await mailbox.endpointFor(projectId)
    const strange = [
      'no headers at all',
      'Subject: =?utf-8?B?AAAA?= \0 \ud800\r\n\r\nbody \0',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\nContent-Type: text/html; charset=nonsense\r\n\r\n<b>\xff\xfe',
      `From: ${'<'.repeat(5000)}\r\nTo: ${'(('.repeat(2000)}\r\n\r\n`,
      '',
    ]
    const replies = await Promise.all(strange.map((content) => sendRaw(port, username, password, content)))
    assert.deepEqual(
      replies.map((reply) => reply.slice(0, 3)),
      ['250', '250', '250', '250', '250'],
    )
    assert.equal((await sandbox(projectId).send(aMessage('email'), patient)).outcome, 'accepted')
    assert.equal((await listAll(projectId)).length, strange.length + 1)
  })
})

/** One mail by hand; resolves with the answer to its final dot. */
function sendRaw(port: number, username: string, password: string, content: string): Promise<string> {
  const credentials = Buffer.from(`\0${username}\0${password}`).toString('base64')
  const commands = [
    'EHLO test',
    `AUTH PLAIN ${credentials}`,
    'MAIL FROM:<a@x.example>',
    'RCPT TO:<b@x.example>',
    'DATA',
  ]
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let step = 0
    let read = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      read += chunk
      if (!/^\d{3} .*\r\n$/m.test(read)) return
      const reply = read
      read = ''
      if (step < commands.length) socket.write(`${commands[step]}\r\n`)
      else if (step === commands.length) socket.write(Buffer.from(`${content}\r\n.\r\n`, 'latin1'))
      else {
        socket.destroy()
        resolve(reply)
      }
      step++
    })
  })
}
