import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createLogger, fromTypeId, newId, toTypeId } from '@mainstay/kernel'
import { temporaryHome, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { readSettings } from '../src/config.ts'
import { type Server, startServer } from '../src/server.ts'
import { type ServerProcess, spawnServer } from './process.ts'

const PUBLIC_URL = 'https://mainstay.example/base'
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef'
const WEBHOOK_PASSWORD = 'a-password-made-up'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const database = useTestDatabase()
const home = temporaryHome()
let server: Server
let beside: ServerProcess
let besideUrl = ''
let direct: Record<string, string> = {}
let key = ''
let projectId = ''
const accounts = { sendgrid: '', twilio: '', postmark: '' }

before(async () => {
  await database.ready()
  direct = {
    MAINSTAY_HOME: home,
    DATABASE_URL: database.connectionString,
    HTTP_PORT: '0',
    GRPC_PORT: '0',
  }
  // Without a worker: nothing is sent anywhere.
  server = await startServer({
    role: 'api',
    settings: readSettings({ ...direct, MAINSTAY_PUBLIC_URL: PUBLIC_URL }),
    logger: createLogger({ level: 'fatal' }),
  })
  beside = spawnServer(home, direct, ['--role=api'])
  await beside.ready()
  besideUrl = /API\s+(http\S+)/.exec(beside.output())?.[1] ?? ''
  const { project } = await server.program.access.ensureBootstrap()
  projectId = project.project_id
  key = (await server.program.access.ensureDevKey(projectId)).secret
  accounts.sendgrid = await makeAccount('Acme <hello@acme.example>', {
    kind: 'sendgrid',
    secrets: {
      apiKey: `SG.${'a'.repeat(22)}.${'b'.repeat(43)}`,
      webhookKey: keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    },
  })
  accounts.twilio = await makeAccount('+14155550100', {
    kind: 'twilio_sms',
    settings: { accountSid: `AC${'0'.repeat(32)}` },
    secrets: { authToken: AUTH_TOKEN },
  })
  accounts.postmark = await makeAccount('Acme <hello@acme.example>', {
    kind: 'postmark',
    secrets: { serverToken: '01234567-89ab-cdef-0123-456789abcdef', webhookPassword: WEBHOOK_PASSWORD },
  })
})
after(async () => {
  await beside?.stop()
  await server?.stop()
  rmSync(home, { recursive: true, force: true })
})

async function makeAccount(sender: string, service: Record<string, unknown>): Promise<string> {
  const response = await fetch(`${server.httpUrl}/v1/provider-accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ displayName: 'Reports', sender, enabled: true, test: true, priority: 1, service }),
  })
  const body = (await response.json()) as { providerAccountId: string; reportUrl: string }
  assert.equal(response.status, 200, JSON.stringify(body))
  assert.equal(body.reportUrl, `${PUBLIC_URL}/reports/${body.providerAccountId}`)
  return body.providerAccountId
}

/** A message that the account has handed to its provider. */
async function makeSent(
  account: string,
  channel: number,
  to: string,
  providerMessageId: string,
): Promise<string> {
  const id = newId()
  await database.db.query({
    text: `WITH m AS (
        INSERT INTO notify.messages (project_id, message_id, notification_id, channel, class, state, unknown_policy, live,
          to_address, subject, send_time, expire_time, update_time, sent_time, attempt_count)
        VALUES ($1, $2, $2, $3, 2, 5, 1, false, $4, '', now(), now() + interval '1 hour', now(), now(), 1))
      INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time,
        outcome, provider_message_id)
      VALUES ($1, $2, 1, $5, now(), now(), 3, $6)`,
    values: [projectId, id, channel, to, fromTypeId('pac', account), providerMessageId],
  })
  return toTypeId('msg', id)
}

async function stateOf(messageId: string): Promise<unknown> {
  const response = await fetch(`${server.httpUrl}/v1/messages/${messageId}`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return ((await response.json()) as { state?: unknown }).state
}

async function post(path: string, headers: Record<string, string>, body: string, base = server.httpUrl) {
  const response = await fetch(`${base}${path}`, { method: 'POST', headers, body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

function sendgridEvent(event: string, messageId: string, changes: Record<string, unknown> = {}) {
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    event,
    sg_event_id: newId(),
    timestamp,
    mainstay_message: messageId,
    email: 'ada@example.com',
    ...changes,
  }
}

function sendgridReport(events: unknown, signer = keys.privateKey): [string, Record<string, string>, string] {
  const body = JSON.stringify(events)
  const timestamp = String(Math.floor(Date.now() / 1000))
  const headers = {
    'content-type': 'application/json',
    'x-twilio-email-event-webhook-timestamp': timestamp,
    'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.from(timestamp + body), signer).toString(
      'base64',
    ),
  }
  return [`/reports/${accounts.sendgrid}`, headers, body]
}

function twilioReport(fields: Record<string, string>, query = ''): [string, Record<string, string>, string] {
  const path = `/reports/${accounts.twilio}${query}`
  const sorted = Object.keys(fields)
    .sort()
    .map((name) => `${name}${fields[name]}`)
  const signature = createHmac('sha1', AUTH_TOKEN)
    .update(`${PUBLIC_URL}${path}${sorted.join('')}`)
    .digest('base64')
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }
  return [path, headers, String(new URLSearchParams(fields))]
}

function postmarkReport(fields: Record<string, unknown>): [string, Record<string, string>, string] {
  const credentials = Buffer.from(`mainstay:${WEBHOOK_PASSWORD}`).toString('base64')
  const headers = { 'content-type': 'application/json', authorization: `Basic ${credentials}` }
  return [`/reports/${accounts.postmark}`, headers, JSON.stringify(fields)]
}

/** A way to the database that can be cut. */
async function startDetour() {
  // A socket's address has no host: URL refuses it like that.
  const url = new URL(database.connectionString.replace('@/', '@127.0.0.1/'))
  const folder = url.searchParams.get('host')
  const host = url.hostname
  const port = Number(url.searchParams.get('port') || url.port || 5432)
  const sockets = new Set<Socket>()
  let isCut = false
  const detour = createServer((socket) => {
    if (isCut) return void socket.destroy()
    const onward = folder === null ? connect(port, host) : connect(`${folder}/.s.PGSQL.${port}`)
    for (const one of [socket, onward]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => sockets.delete(one))
    }
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  })
  detour.listen(0, '127.0.0.1')
  await once(detour, 'listening')
  url.search = ''
  url.hostname = '127.0.0.1'
  url.port = String((detour.address() as AddressInfo).port)
  return {
    url: url.href,
    cut(): void {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend(): void {
      isCut = false
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      detour.close()
      await once(detour, 'close')
    },
  }
}

describe('a provider that reports', () => {
  test('by SendGrid, moves a message once, whatever order its events come in, and through any process', async () => {
    const messageId = await makeSent(accounts.sendgrid, 1, 'ada@example.com', 'sg-1')
    const bounced = sendgridReport([sendgridEvent('bounce', messageId, { reason: '550 no such user' })])
    assert.equal((await post(...bounced)).status, 200)
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_BOUNCED')
    const late = sendgridReport([
      sendgridEvent('delivered', messageId),
      sendgridEvent('processed', messageId),
    ])
    assert.equal((await post(...late, besideUrl)).status, 200)
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_BOUNCED')
  })

  test('by Twilio, signs the public URL that names the message', async () => {
    const sid = `SM${'1'.repeat(32)}`
    const messageId = await makeSent(accounts.twilio, 2, '+491701234567', sid)
    const fields = { MessageSid: sid, MessageStatus: 'delivered', To: '+491701234567' }
    assert.equal((await post(...twilioReport(fields, `?message=${messageId}`))).status, 200)
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_DELIVERED')
    const [path, headers, body] = twilioReport(fields, `?message=${messageId}`)
    const other = await makeSent(accounts.twilio, 2, '+491701234567', 'SM-other')
    const forged = await post(path.replace(messageId, other), headers, body)
    assert.equal(forged.status, 401)
    assert.equal(await stateOf(other), 'MESSAGE_STATE_SENT')
  })

  test('by Postmark, proves itself by its password', async () => {
    const messageId = await makeSent(accounts.postmark, 1, 'ada@example.com', 'pm-1')
    const fields = {
      RecordType: 'Delivery',
      MessageID: 'pm-1',
      Recipient: 'ada@example.com',
      DeliveredAt: new Date().toISOString(),
    }
    const [path, headers, body] = postmarkReport(fields)
    assert.equal(
      (await post(path, { ...headers, authorization: 'Basic bWFpbnN0YXk6d3Jvbmc=' }, body)).status,
      401,
    )
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_SENT')
    assert.equal((await post(path, headers, body)).status, 200)
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_DELIVERED')
  })

  test('that repeats a report fifty times at once has its effect once', async () => {
    const messageId = await makeSent(accounts.sendgrid, 1, 'bea@example.com', 'sg-2')
    const same = sendgridReport([
      sendgridEvent('delivered', messageId),
      sendgridEvent('spamreport', messageId),
    ])
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(...same)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_COMPLAINED')
    const { rows } = await database.db.query<{ count: number }>({
      text: 'SELECT count(*)::int4 AS count FROM notify.message_notes WHERE message_id = $1',
      values: [fromTypeId('msg', messageId)],
    })
    assert.equal(rows[0]?.count, 2)
  })

  test('is answered with what is wrong: a forged, a malformed and an unknown one, and one that is too large', async () => {
    const messageId = await makeSent(accounts.sendgrid, 1, 'eve@example.com', 'sg-3')
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const forged = await post(...sendgridReport([sendgridEvent('bounce', messageId)], stranger))
    assert.equal(forged.status, 401)
    assert.ok(forged.text.includes('notify.report_forged'))
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_SENT')
    const malformed = await post(...sendgridReport({ no: 'list' }))
    assert.equal(malformed.status, 400)
    assert.ok(malformed.text.includes('notify.report_malformed'))
    const [, headers, body] = sendgridReport([])
    for (const id of [toTypeId('pac', newId()), 'pac_none', '..%2f']) {
      assert.equal((await post(`/reports/${id}`, headers, body)).status, 404)
    }
    const large = await post(`/reports/${accounts.sendgrid}`, headers, 'x'.repeat(1_100_000))
    assert.equal(large.status, 413)
    const get = await fetch(`${server.httpUrl}/reports/${accounts.sendgrid}`)
    assert.equal(get.status, 401)
    const put = await fetch(`${server.httpUrl}/reports/${accounts.sendgrid}`, { method: 'PUT' })
    assert.equal(put.status, 404)
    const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text()
    assert.match(metrics, /mainstay_notify_reports_total\{kind="sendgrid",result="forged"\} 2/)
    assert.match(metrics, /mainstay_notify_reports_total\{kind="sendgrid",result="malformed"\} 1/)
  })

  test('while the database is away, is told to come back, and is believed then', async () => {
    const detour = await startDetour()
    const process = spawnServer(home, { ...direct, DATABASE_URL: detour.url }, ['--role=api'])
    try {
      await process.ready()
      const base = /API\s+(http\S+)/.exec(process.output())?.[1] ?? ''
      const messageId = await makeSent(accounts.sendgrid, 1, 'lea@example.com', 'sg-5')
      const report = sendgridReport([sendgridEvent('delivered', messageId)])
      detour.cut()
      const away = await post(...report, base)
      assert.equal(away.status, 503, away.text)
      assert.ok(Number(away.headers.get('retry-after')) >= 5)
      assert.equal(await stateOf(messageId), 'MESSAGE_STATE_SENT')
      detour.mend()
      await waitFor(async () => (await post(...report, base)).status === 200)
      assert.equal(await stateOf(messageId), 'MESSAGE_STATE_DELIVERED')
    } finally {
      await process.stop()
      await detour.close()
    }
  })

  test('gets no answer before its report is stored: what was answered survives a killed server', async () => {
    const messageId = await makeSent(accounts.sendgrid, 1, 'kim@example.com', 'sg-4')
    const events = Array.from({ length: 20 }, (_, number) =>
      sendgridEvent(number === 0 ? 'delivered' : 'open', messageId),
    )
    let answered = 0
    const posts = events.map((event) =>
      post(...sendgridReport([event]), besideUrl).then(
        ({ status }) => {
          assert.equal(status, 200)
          return ++answered
        },
        () => 0,
      ),
    )
    await waitFor(() => answered >= 1)
    await beside.stop('SIGKILL')
    await Promise.all(posts)
    const { rows } = await database.db.query<{ count: number }>({
      text: `SELECT count(*)::int4 AS count FROM notify.provider_events WHERE message_id = $1`,
      values: [fromTypeId('msg', messageId)],
    })
    assert.ok((rows[0]?.count ?? 0) >= answered, `${answered} were answered, ${rows[0]?.count} are stored`)
    // The provider repeats what was not answered, here to the server that is left.
    for (const event of events) assert.equal((await post(...sendgridReport([event]))).status, 200)
    assert.equal(await stateOf(messageId), 'MESSAGE_STATE_DELIVERED')
  })
})
