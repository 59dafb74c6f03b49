import assert from 'node:assert/strict'
import net from 'node:net'
import { after, test } from 'node:test'
import { waitFor } from '@mainstay/kernel/testing'
import { simpleParser } from 'mailparser'
import { localhostCertificate, testAuthority } from '../testing/certificates.ts'
import { aMessage, patient } from '../testing/outgoing.ts'
import { type SmtpPeer, type SmtpPeerOptions, startSmtpPeer } from '../testing/smtp-peer.ts'
import type { ProviderClient } from './adapter.ts'
import { createSmtpAdapter, type SmtpAdapterOptions, type SmtpConfig } from './smtp.ts'

const opened: { close(): Promise<void> }[] = []
after(() => Promise.all(opened.map((one) => one.close())))

async function aPeer(options: SmtpPeerOptions = {}): Promise<SmtpPeer> {
  const peer = await startSmtpPeer(options)
  opened.push(peer)
  return peer
}

function connect(
  port: number,
  config: Partial<SmtpConfig> = {},
  options: Partial<SmtpAdapterOptions> = {},
): ProviderClient {
  const adapter = createSmtpAdapter({ connectTimeoutMs: 5000, sendTimeoutMs: 5000, ...options })
  const client = adapter.connect({
    host: 'localhost',
    port,
    security: 'none',
    username: '',
    password: '',
    maxConnections: 1,
    ...config,
  })
  opened.unshift(client)
  return client
}

test('a mail arrives whole, with the same Message-ID at every attempt', async () => {
  const peer = await aPeer()
  const client = connect(peer.port)
  const email = aMessage('email', {
    subject: 'Grüße, Ada ✓',
    text: 'Line\n.dot at the start\n..two\n',
    headers: { 'X-Campaign': 'spring' },
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  assert.deepEqual(await client.send(email, patient), {
    outcome: 'accepted',
    reply: '250 2.0.0 Taken as 4711',
  })
  await client.send({ ...email, attempt: 2 }, patient)
  const [first, second] = await Promise.all(peer.mails.map((mail) => simpleParser(mail.content)))
  assert.equal(first?.subject, 'Grüße, Ada ✓')
  assert.equal(first?.text?.replace(/\r?\n/g, '\n'), 'Line\n.dot at the start\n..two\n')
  assert.equal(first?.html, '<p>Thank you.</p>')
  assert.equal(first?.messageId, `<${email.messageId}@acme.example>`)
  assert.equal(second?.messageId, first?.messageId)
  assert.equal(first?.headers.get('x-mainstay-message'), email.messageId)
  assert.equal(first?.headers.get('x-campaign'), 'spring')
  assert.equal(first?.headers.get('traceparent'), email.traceparent)
  assert.equal(peer.mails[0]?.from, 'MAIL FROM:<hello@acme.example>')
  assert.equal(peer.mails[0]?.to, 'RCPT TO:<ada@customer.example>')
})

test('what would inject a header or a recipient is refused before anything is sent', async () => {
  const peer = await aPeer()
  const client = connect(peer.port)
  for (const change of [
    { subject: 'Hello\r\nBcc: eve@evil.example' },
    { subject: 'Hello\u0000' },
    { to: 'ada@customer.example>\r\nRCPT TO:<eve@evil.example' },
    { to: 'ada@customer.example, eve@evil.example' },
    { to: '"ada eve"@customer.example' },
    { to: 'ada@customer.example NOTIFY=NEVER' },
    { to: 'ädä@customer.example' },
    { to: 'ada' },
    { from: 'Acme <hello@acme.example>\r\nBcc: eve@evil.example' },
    { from: 'a@acme.example, b@acme.example' },
    { from: 'Team: a@acme.example;' },
    { headers: { 'X-A': 'b\r\nBcc: eve@evil.example' } },
    { headers: { 'X-A: b\r\nBcc': 'eve@evil.example' } },
    { headers: { Bcc: 'eve@evil.example' } },
    { headers: { 'x-mainstay-message': 'msg_of_somebody_else' } },
  ]) {
    const result = await client.send(aMessage('email', change), patient)
    assert.equal(result.outcome, 'rejected_permanent', JSON.stringify(change))
  }
  assert.equal(peer.connections, 0)
})

test('a domain outside ASCII travels in Punycode', async () => {
  const peer = await aPeer()
  assert.equal(
    (await connect(peer.port).send(aMessage('email', { to: 'ada@bücher.example' }), patient)).outcome,
    'accepted',
  )
  assert.equal(peer.mails[0]?.to, 'RCPT TO:<ada@xn--bcher-kva.example>')
})

test('a refusal leaves the line fit for the next mail', async () => {
  for (const pipelining of [false, true]) {
    let mails = 0
    const peer = await aPeer({
      pipelining,
      act: (point) => (point === 'rcpt' && mails++ === 0 ? { reply: '550 5.1.1 No such user' } : 'go'),
    })
    const client = connect(peer.port)
    const refused = await client.send(aMessage('email'), patient)
    assert.deepEqual(refused, { outcome: 'rejected_permanent', reply: '550 5.1.1 No such user' })
    assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
    assert.equal(peer.connections, 1)
    assert.equal(peer.commands.includes('RSET'), true)
  }
})

test('a refusal of the body is definite', async () => {
  for (const [reply, outcome] of [
    ['452 4.3.1 No room', 'rejected_transient'],
    ['554 5.7.1 Looks like spam', 'rejected_permanent'],
  ] as const) {
    const peer = await aPeer({ act: (point) => (point === 'dot' ? { reply } : 'go') })
    assert.deepEqual(await connect(peer.port).send(aMessage('email'), patient), { outcome, reply })
  }
})

test('a mail larger than the server takes is refused without being offered', async () => {
  const peer = await aPeer({ extensions: ['SIZE 1000'] })
  const result = await connect(peer.port).send(aMessage('email', { text: 'long '.repeat(1000) }), patient)
  assert.equal(result.outcome, 'rejected_permanent')
  assert.equal(
    peer.commands.some((line) => line.startsWith('MAIL')),
    false,
  )
})

test('a line that the server dropped while it was idle costs no attempt', async () => {
  // The first connection dies at its second MAIL, as when the server had hung up and the news was still on its way.
  for (const how of ['close', 'reset', { replyThenClose: '421 4.4.2 Idle for too long' }] as const) {
    const peer = await aPeer({
      act: (point, connection, mail) => (point === 'mail' && connection === 1 && mail === 1 ? how : 'go'),
    })
    const client = connect(peer.port)
    assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
    assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
    assert.equal(peer.connections, 2)
    assert.equal(peer.mails.length, 2)
  }
})

test('a new line that breaks costs the attempt: it is not tried twice', async () => {
  const peer = await aPeer({ act: (point) => (point === 'mail' ? 'close' : 'go') })
  assert.equal((await connect(peer.port).send(aMessage('email'), patient)).outcome, 'rejected_transient')
  assert.equal(peer.connections, 1)
})

test('100 mails at once share the connections that the account allows', async () => {
  const peer = await aPeer()
  const client = connect(peer.port, { maxConnections: 3 })
  const results = await Promise.all(
    Array.from({ length: 100 }, () => client.send(aMessage('email'), patient)),
  )
  assert.equal(
    results.every((result) => result.outcome === 'accepted'),
    true,
  )
  assert.equal(new Set(peer.mails.map((mail) => mail.content.match(/Message-ID: (.*)/)?.[1])).size, 100)
  assert.equal(peer.connections, 3)
})

test('a line is replaced after as many mails as it may carry, and idle ones say QUIT', async () => {
  const peer = await aPeer()
  const client = connect(peer.port, {}, { maxMailsPerLine: 2, idleMs: 20 })
  for (let mail = 0; mail < 5; mail++) await client.send(aMessage('email'), patient)
  assert.equal(peer.connections, 3)
  await waitFor(() => peer.openConnections === 0, { what: 'the connections to close' })
  assert.equal(peer.commands.filter((line) => line === 'QUIT').length, 3)
})

test('closing lets the mails on their way arrive and refuses new ones', async () => {
  const peer = await aPeer()
  const client = connect(peer.port)
  const sends = Array.from({ length: 10 }, () => client.send(aMessage('email'), patient))
  await waitFor(() => peer.connections === 1)
  const closed = client.close()
  assert.equal((await client.send(aMessage('email'), patient)).outcome, 'rejected_transient')
  await closed
  assert.equal(
    (await Promise.all(sends)).every((result) => result.outcome === 'accepted'),
    true,
  )
  await waitFor(() => peer.openConnections === 0)
})

test('nobody listening, an unknown name and a refused sign-in put the account at fault', async () => {
  const unused = net.createServer().listen(0, '127.0.0.1')
  await waitFor(() => unused.listening)
  const port = (unused.address() as net.AddressInfo).port
  await new Promise((done) => unused.close(done))
  const peer = await aPeer({ act: (point) => (point === 'auth' ? { reply: '535 5.7.8 Wrong' } : 'go') })
  const signIn = { username: 'ada', password: 'wrong' }
  for (const client of [
    connect(port, { host: '127.0.0.1' }),
    connect(25, { host: 'no-such-host.invalid' }),
    connect(peer.port, signIn),
  ]) {
    const result = await client.send(aMessage('email'), patient)
    assert.equal(result.outcome, 'rejected_transient')
    assert.equal('accountFault' in result && result.accountFault, true, JSON.stringify(result))
    assert.equal((await client.verify()).ok, false)
  }
})

test('everybody who waits hears at once that the server is down', async () => {
  const peer = await aPeer({ act: (point) => (point === 'connect' ? { replyThenClose: '421 Down' } : 'go') })
  const client = connect(peer.port, { maxConnections: 2 })
  const results = await Promise.all(Array.from({ length: 50 }, () => client.send(aMessage('email'), patient)))
  assert.equal(
    results.every((result) => result.outcome === 'rejected_transient'),
    true,
  )
  assert.equal(peer.connections, 2)
})

test('STARTTLS is required, and the mail travels encrypted', async () => {
  const peer = await aPeer({ tls: localhostCertificate })
  const client = connect(
    peer.port,
    { security: 'starttls', username: 'ada', password: 'secret' },
    { ca: testAuthority },
  )
  assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
  assert.equal(peer.mails[0]?.isEncrypted, true)
  assert.deepEqual(await client.verify(), { ok: true, detail: 'Signed in as ada over TLS.' })
})

test('TLS from the first byte works as well', async () => {
  const peer = await aPeer({ tls: localhostCertificate, implicitTls: true })
  const client = connect(peer.port, { security: 'tls' }, { ca: testAuthority })
  assert.equal((await client.send(aMessage('email'), patient)).outcome, 'accepted')
  assert.equal(peer.mails[0]?.isEncrypted, true)
})

test('someone who strips STARTTLS gets neither the password nor the mail', async () => {
  for (const attack of [
    {},
    { starttlsReply: '454 4.7.0 TLS not available' },
    { starttlsReply: '250 Fine as it is' },
  ]) {
    const peer = await aPeer(attack)
    const config = { security: 'starttls', username: 'ada', password: 'secret' } as const
    const client = connect(peer.port, config, { connectTimeoutMs: 200 })
    const result = await client.send(aMessage('email'), patient)
    assert.equal(result.outcome, 'rejected_transient', JSON.stringify(result))
    assert.equal(peer.mails.length, 0)
    assert.equal(
      peer.commands.some((line) => /^(AUTH|MAIL)/.test(line)),
      false,
    )
  }
})

test('a certificate that is not trusted, or is for another name, is refused', async () => {
  const peer = await aPeer({ tls: localhostCertificate })
  for (const client of [
    connect(peer.port, { security: 'starttls' }),
    connect(peer.port, { security: 'starttls', host: '127.0.0.1' }, { ca: testAuthority }),
  ]) {
    const result = await client.send(aMessage('email'), patient)
    assert.equal('accountFault' in result && result.accountFault, true, JSON.stringify(result))
  }
  assert.equal(peer.mails.length, 0)
})

test('the password appears in no result', async () => {
  const peer = await aPeer({ act: (point) => (point === 'auth' ? 'close' : 'go') })
  const client = connect(peer.port, { username: 'ada', password: 'hunter2-hunter2' })
  const told = JSON.stringify([await client.send(aMessage('email'), patient), await client.verify()])
  assert.equal(told.includes('hunter2'), false)
  assert.equal(told.includes(Buffer.from('\0ada\0hunter2-hunter2').toString('base64')), false)
})
