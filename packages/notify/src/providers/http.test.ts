import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { aMessage, patient } from '../testing/outgoing.ts'
import type { ProviderClient } from './adapter.ts'
import { createHttpAdapter } from './http.ts'
import type { HttpSenderOptions } from './http-sender.ts'

const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

function connect(
  url: string,
  options: Partial<HttpSenderOptions> = {},
  bearerToken = 'top-secret',
): ProviderClient {
  const adapter = createHttpAdapter({
    connectTimeoutMs: 5000,
    sendTimeoutMs: 5000,
    allowPrivate: true,
    connections: 4,
    ...options,
  })
  const client = adapter.connect({ url, bearerToken })
  cleanups.push(() => client.close())
  return client
}

async function listen(server: net.Server | http.Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?key=1`
}

/** An endpoint whose answer the test writes. */
async function anEndpoint(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer)
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return listen(server)
}

/** A TCP peer: `onRequest` gets the socket once a whole request is read, `onConnect` at once. */
async function aPeer(act: {
  onConnect?: (socket: Socket) => void
  onRequest?: (socket: Socket, count: number) => void
}) {
  const sockets = new Set<Socket>()
  let count = 0
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}) // it breaks connections on purpose
    act.onConnect?.(socket)
    let read = ''
    socket.on('data', (chunk) => {
      read += chunk
      const head = read.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(read)?.[1] ?? 0)
      if (head < 0 || read.length < head + 4 + length) return
      read = ''
      act.onRequest?.(socket, ++count)
    })
  })
  cleanups.push(
    () => server.close(),
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
  return listen(server)
}

test('a message arrives as JSON with its id as the idempotency key', async () => {
  const seen: { headers: http.IncomingHttpHeaders; url?: string | undefined; body: string }[] = []
  const url = await anEndpoint(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ headers: request.headers, url: request.url, body })
    response.end('{"id":"p-1"}')
  })
  const email = aMessage('email', {
    subject: 'Grüße',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  const result = await connect(url).send(email, patient)
  assert.deepEqual(result, { outcome: 'accepted', providerMessageId: 'p-1', reply: 'HTTP 200: {"id":"p-1"}' })
  const [call] = seen
  assert.equal(call?.url, '/in?key=1')
  assert.equal(call?.headers['idempotency-key'], email.messageId)
  assert.equal(call?.headers.authorization, 'Bearer top-secret')
  assert.equal(call?.headers.traceparent, email.traceparent)
  const { projectId: _, traceparent: __, class: messageClass, ...rest } = email
  assert.deepEqual(JSON.parse(call?.body ?? ''), { ...rest, channel: 'email', messageClass })
})

test('the id of a JSON body is the provider message id, anything else is none', async () => {
  let body = ''
  const url = await anEndpoint((_, response) => response.end(body))
  const client = connect(url)
  for (const [answer, id] of [
    ['{"id":"abc"}', 'abc'],
    ['{"id":42}', '42'],
    ['{"id":""}', undefined],
    ['{"id":{}}', undefined],
    [`{"id":"${'x'.repeat(300)}"}`, undefined],
    ['{"id":', undefined],
    ['[1]', undefined],
    ['ok', undefined],
    ['', undefined],
  ] as const) {
    body = answer
    const result = await client.send(aMessage('email'), patient)
    assert.equal('providerMessageId' in result ? result.providerMessageId : undefined, id, answer)
  }
})

test('a refused connection and an unknown name are definite and put the account at fault', async () => {
  const unused = net.createServer()
  const url = await listen(unused)
  await new Promise((done) => unused.close(done))
  for (const target of [url, 'http://no-such-host.invalid/']) {
    const result = await connect(target).send(aMessage('email'), patient)
    assert.equal(result.outcome, 'rejected_transient')
    assert.equal('accountFault' in result && result.accountFault, true, JSON.stringify(result))
  }
})

test('a connection lost before the answer is unknown', async () => {
  const breaks: Record<string, (socket: Socket) => void> = {
    close: (socket) => socket.destroy(),
    end: (socket) => socket.end(),
    reset: (socket) => socket.resetAndDestroy(),
    'half a status line': (socket) => socket.end('HTTP/1.1 20'),
    'half the headers': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    nonsense: (socket) => socket.end('220 I speak SMTP\r\n'),
  }
  for (const [name, onRequest] of Object.entries(breaks)) {
    const result = await connect(await aPeer({ onRequest })).send(aMessage('email'), patient)
    assert.equal(result.outcome, 'unknown', `${name}: ${JSON.stringify(result)}`)
  }
})

test('silence after the request is unknown, and after the status the status counts', async () => {
  const silent = await connect(await aPeer({}), { sendTimeoutMs: 150 }).send(aMessage('email'), patient)
  assert.equal(silent.outcome, 'unknown')
  for (const ending of [(socket: Socket) => socket.destroy(), () => {}]) {
    const url = await aPeer({
      onRequest(socket) {
        socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{"id":')
        setImmediate(ending, socket)
      },
    })
    const result = await connect(url, { sendTimeoutMs: 150 }).send(aMessage('email'), patient)
    assert.equal(result.outcome, 'accepted', JSON.stringify(result))
  }
})

test('a body that trickles or never ends is hung up on, and the status counts', async () => {
  const endless = await anEndpoint((_, response) => {
    response.writeHead(200)
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(4096)));
      response.once('drain', write)
    }
    write()
  })
  assert.equal((await connect(endless).send(aMessage('email'), patient)).outcome, 'accepted')
  const trickle = await anEndpoint((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(timer))
  })
  assert.equal(
    (await connect(trickle, { sendTimeoutMs: 100 }).send(aMessage('email'), patient)).outcome,
    'accepted',
  )
})

test('redirects are not followed, so that the token goes nowhere else', async () => {
  let stolen = 0
  const thief = await anEndpoint((_, response) => {
    stolen++
    response.end()
  })
  const url = await anEndpoint((_, response) => response.writeHead(307, { location: thief }).end())
  const result = await connect(url).send(aMessage('email'), patient)
  assert.equal('accountFault' in result && result.accountFault, true)
  assert.equal(stolen, 0)
})

test('Retry-After is handed on', async () => {
  const url = await anEndpoint((_, response) => response.writeHead(503, { 'retry-after': '3' }).end())
  assert.deepEqual(await connect(url).send(aMessage('email'), patient), {
    outcome: 'rejected_transient',
    reply: 'HTTP 503',
    retryAfterMs: 3000,
  })
})

test('private addresses are refused by default, in the URL and behind a name', async () => {
  let calls = 0
  const url = new URL(
    await anEndpoint((_, response) => {
      calls++
      response.end()
    }),
  )
  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '0x7f.1',
    '2130706433',
    '169.254.169.254',
  ]) {
    url.hostname = host
    const client = connect(url.href, { allowPrivate: false })
    const result = await client.send(aMessage('email'), patient)
    assert.equal('accountFault' in result && result.accountFault, true, `${host}: ${JSON.stringify(result)}`)
    assert.match(result.reply, /is a private address/)
    assert.equal((await client.verify()).ok, false)
  }
  assert.equal(calls, 0)
})

test('giving up is definite while the request waits for a connection, unknown once it is sent', async () => {
  const reached = new AbortController()
  const url = await aPeer({ onRequest: () => reached.abort() })
  const client = connect(url, { connections: 1 })
  const waiting = new AbortController()
  const sent = client.send(aMessage('email'), reached.signal)
  const queued = client.send(aMessage('email'), waiting.signal)
  waiting.abort()
  assert.equal((await queued).outcome, 'rejected_transient')
  assert.equal((await sent).outcome, 'unknown')
  assert.equal((await client.send(aMessage('email'), AbortSignal.abort())).outcome, 'rejected_transient')
})

test('500 messages at once keep to the connections of the account', async () => {
  const sockets = new Set<unknown>()
  const url = await anEndpoint((request, response) => {
    sockets.add(request.socket)
    request.resume().on('end', () => response.end())
  })
  const client = connect(url)
  const results = await Promise.all(
    Array.from({ length: 500 }, () => client.send(aMessage('email'), patient)),
  )
  assert.equal(
    results.every((result) => result.outcome === 'accepted'),
    true,
  )
  assert.equal(sockets.size <= 4, true)
})

test('verify signs in and sends nothing', async () => {
  const methods: (string | undefined)[] = []
  const url = await anEndpoint((request, response) => {
    methods.push(request.method)
    response.writeHead(request.headers.authorization === 'Bearer good' ? 404 : 401).end()
  })
  assert.deepEqual(await connect(url, {}, 'good').verify(), {
    ok: true,
    detail: 'The endpoint answers: HTTP 404 to OPTIONS.',
  })
  assert.equal((await connect(url, {}, 'bad').verify()).ok, false)
  assert.deepEqual(methods, ['OPTIONS', 'OPTIONS'])
})

test('closing lets calls under way end and refuses new ones', async () => {
  const url = await anEndpoint((request, response) =>
    request.resume().on('end', () => setImmediate(() => response.end())),
  )
  const client = connect(url)
  const under = client.send(aMessage('email'), patient)
  const closed = client.close()
  assert.equal((await client.send(aMessage('email'), patient)).outcome, 'rejected_transient')
  assert.equal((await under).outcome, 'accepted')
  await closed
})
