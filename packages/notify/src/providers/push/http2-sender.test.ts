import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { type Http2Peer, startHttp2Peer } from '../../testing/http2-peer.ts'
import type { HttpSender, HttpSenderOptions } from '../http-sender.ts'
import { createHttp2Sender } from './http2-sender.ts'

const patient = new AbortController().signal
const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

function aSender(options: Partial<HttpSenderOptions> = {}, pingAfterIdleMs = 60_000): HttpSender {
  const sender = createHttp2Sender(
    { connectTimeoutMs: 2000, sendTimeoutMs: 2000, allowPrivate: true, connections: 1, ...options },
    pingAfterIdleMs,
  )
  cleanups.push(() => sender.close())
  return sender
}

async function aPeer(...settings: Parameters<typeof startHttp2Peer>): Promise<Http2Peer> {
  const peer = await startHttp2Peer(...settings)
  peer.act = () => ({ status: 200, headers: { 'apns-id': '1' }, body: 'ok' })
  cleanups.push(() => peer.close())
  return peer
}

const post = ({ origin }: { origin: string }, path = '/3/device/1') =>
  ({ method: 'POST', url: `${origin}${path}`, headers: { 'x-one': '1' }, body: '{}' }) as const

test('many requests go over one connection, and it is kept', async () => {
  const peer = await aPeer()
  const sender = aSender()
  const exchanges = await Promise.all(Array.from({ length: 100 }, () => sender.send(post(peer), patient)))
  assert.ok(exchanges.every((exchange) => exchange.case === 'answer' && exchange.answer.status === 200))
  const [first] = exchanges
  assert.deepEqual(first?.case === 'answer' && [first.answer.headers['apns-id'], first.answer.body], [
    '1',
    'ok',
  ])
  await sender.send(post(peer), patient)
  assert.equal(peer.connections, 1)
  assert.equal(peer.calls.length, 101)
})

test('no more streams are open than the server takes, and more once it takes more', async () => {
  const peer = await aPeer({ maxConcurrentStreams: 1 })
  let open = 0
  let most = 0
  const waiting: (() => void)[] = []
  peer.act = async (call) => {
    most = Math.max(most, ++open)
    if (call.path === '/wait') {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 5) for (const one of waiting) one()
      })
    }
    open--
    return { status: 200 }
  }
  const sender = aSender()
  await Promise.all(Array.from({ length: 10 }, () => sender.send(post(peer), patient)))
  assert.equal(most, 1)
  const [session] = peer.sessions
  session?.settings({ maxConcurrentStreams: 5 })
  await Promise.all(Array.from({ length: 5 }, () => sender.send(post(peer, '/wait'), patient)))
  assert.equal(most, 5)
})

test('what the server refuses was not sent; what it may have begun is unknown', async () => {
  const peer = await aPeer()
  const { NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants
  const { NGHTTP2_ENHANCE_YOUR_CALM } = constants
  /** The first stream of a connection, which is answered. */
  const BEFORE = 1
  type Act = (stream: ServerHttp2Stream, session: Http2Session) => void
  const acts: [string, Act, 'not_sent' | 'lost' | 'answer'][] = [
    ['RST_STREAM, refused', (stream) => stream.close(NGHTTP2_REFUSED_STREAM), 'not_sent'],
    ['RST_STREAM, cancelled', (stream) => stream.close(NGHTTP2_CANCEL), 'lost'],
    ['RST_STREAM, internal error', (stream) => stream.close(NGHTTP2_INTERNAL_ERROR), 'lost'],
    ['RST_STREAM without an error', (stream) => stream.close(NGHTTP2_NO_ERROR), 'lost'],
    ['GOAWAY before the stream', (_, session) => session.goaway(NGHTTP2_NO_ERROR, BEFORE), 'not_sent'],
    [
      'GOAWAY with an error, before the stream',
      (_, session) => session.goaway(NGHTTP2_ENHANCE_YOUR_CALM, BEFORE),
      'not_sent',
    ],
    [
      'GOAWAY with an error, after the stream',
      (stream, session) => session.goaway(NGHTTP2_ENHANCE_YOUR_CALM, stream.id),
      'lost',
    ],
    [
      'GOAWAY after the stream, then silence',
      (stream, session) => {
        session.goaway(NGHTTP2_NO_ERROR, stream.id)
        setImmediate(() => session.destroy())
      },
      'lost',
    ],
    [
      'GOAWAY after the stream, which still is answered',
      (stream, session) => {
        session.goaway(NGHTTP2_NO_ERROR, stream.id)
        stream.respond({ ':status': 200 })
        stream.end()
      },
      'answer',
    ],
    [
      'RST_STREAM after the status, which counts',
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('{"re', () => stream.close(NGHTTP2_INTERNAL_ERROR))
      },
      'answer',
    ],
    ['the connection gone', (_, session) => session.destroy(), 'lost'],
  ]
  for (const [name, act, expected] of acts) {
    const sender = aSender()
    await sender.send(post(peer), patient)
    peer.onStream = (stream, session) => {
      act(stream, session)
      return true
    }
    const exchange = await sender.send(post(peer), patient)
    assert.equal(exchange.case, expected, `${name}: ${JSON.stringify(exchange)}`)
    peer.onStream = () => false
    const next = await sender.send(post(peer), patient)
    assert.equal(next.case, 'answer', `after ${name}: ${JSON.stringify(next)}`)
  }
})

test('of the streams under way a GOAWAY leaves the later ones unsent', async () => {
  const peer = await aPeer()
  const streams: ServerHttp2Stream[] = []
  peer.onStream = (stream, session) => {
    streams.push(stream)
    if (streams.length === 4) {
      const [first, second] = streams as [ServerHttp2Stream, ServerHttp2Stream]
      session.goaway(constants.NGHTTP2_NO_ERROR, second.id)
      for (const one of [first, second]) {
        one.respond({ ':status': 200 })
        one.end()
      }
    }
    return true
  }
  const sender = aSender()
  const exchanges = await Promise.all(Array.from({ length: 4 }, () => sender.send(post(peer), patient)))
  assert.deepEqual(
    exchanges.map((exchange) => exchange.case),
    ['answer', 'answer', 'not_sent', 'not_sent'],
  )
})

test('whatever breaks among many requests, none that the server took is told to be unsent', async () => {
  const peer = await aPeer({ maxConcurrentStreams: 20 })
  const taken = new Set<string>()
  /** The last stream that a session said it would take. */
  const last = new WeakMap<Http2Session, number>()
  const { NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants
  let count = 0
  peer.onStream = (stream, session, path) => {
    const id = stream.id ?? 0
    if (id > (last.get(session) ?? id)) return true
    const turn = ++count % 13
    if (turn === 3) {
      stream.close(NGHTTP2_REFUSED_STREAM)
      return true
    }
    taken.add(path)
    if (turn === 5 || turn === 7) {
      last.set(session, id)
      session.goaway(turn === 5 ? NGHTTP2_NO_ERROR : NGHTTP2_INTERNAL_ERROR, id)
    }
    if (turn === 9) stream.close(NGHTTP2_INTERNAL_ERROR)
    if (turn === 11) session.destroy()
    return turn === 9 || turn === 11
  }
  const sender = aSender()
  const told = { answer: 0, not_sent: 0, lost: 0 }
  const send = async (path: string): Promise<void> => {
    const exchange = await sender.send(post(peer, path), patient)
    told[exchange.case]++
    if (exchange.case === 'not_sent') assert.equal(taken.has(path), false, `${path} was taken`)
    if (exchange.case === 'answer') assert.equal(taken.has(path), true, `${path} was never seen`)
  }
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 40 }, (_, at) => send(`/${round}/${at}`)))
  }
  assert.ok(told.answer > 0 && told.not_sent > 0 && told.lost > 0, JSON.stringify(told))
})

test('silence is unknown, and the next request gets another connection', async () => {
  const peer = await aPeer()
  peer.act = () => 'silent'
  const sender = aSender({ sendTimeoutMs: 100 })
  assert.equal((await sender.send(post(peer), patient)).case, 'lost')
  peer.act = () => ({ status: 200 })
  assert.equal((await sender.send(post(peer), patient)).case, 'answer')
  assert.equal(peer.connections, 2)
})

test('giving up is definite while the request waits, unknown once it is sent', async () => {
  const peer = await aPeer({ maxConcurrentStreams: 1 })
  const reached = new AbortController()
  peer.act = () => {
    reached.abort()
    return 'silent'
  }
  const sender = aSender()
  const sent = sender.send(post(peer), reached.signal)
  const waiting = new AbortController()
  const queued = sender.send(post(peer), waiting.signal)
  waiting.abort()
  assert.equal((await queued).case, 'not_sent')
  assert.equal((await sent).case, 'lost')
  assert.equal((await sender.send(post(peer), AbortSignal.abort())).case, 'not_sent')
})

test('a connection that never comes up has sent nothing, for everybody who waits', async () => {
  const gone = await startHttp2Peer()
  await gone.close()
  const silent = net.createServer((socket) => socket.resume())
  const plain = net.createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  for (const server of [silent, plain]) {
    server.on('connection', (socket) => socket.on('error', () => {})) // the client hangs up
    server.listen(0, 'localhost')
    await once(server, 'listening')
    cleanups.push(() => server.close())
  }
  const originOf = (server: net.Server) => ({
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
  })
  const sender = aSender({ connectTimeoutMs: 200 })
  const exchanges = await Promise.all([
    ...[1, 2, 3].map(() => sender.send(post(gone), patient)),
    sender.send(post(originOf(silent)), patient),
    sender.send(post(originOf(plain)), patient),
  ])
  assert.deepEqual(
    exchanges.map((exchange) => exchange.case),
    Array(5).fill('not_sent'),
  )
  assert.deepEqual(
    exchanges.slice(0, 4).map((exchange) => exchange.case === 'not_sent' && exchange.misconfigured),
    [true, true, true, false],
  )
})

test('certificates of another host and private addresses are refused before anything is sent', async () => {
  const peer = await aPeer()
  const wrongHost = await aSender().send(
    post({ origin: peer.origin.replace('localhost', '127.0.0.1') }),
    patient,
  )
  assert.partialDeepStrictEqual(wrongHost, { case: 'not_sent', misconfigured: true })
  for (const origin of [peer.origin, 'https://127.0.0.1', 'https://[::1]']) {
    const exchange = await aSender({ allowPrivate: false }).send(post({ origin }), patient)
    assert.partialDeepStrictEqual(exchange, { case: 'not_sent', misconfigured: true }, origin)
  }
  assert.equal(peer.calls.length, 0)
})

test('a connection that was quiet is asked by PING, and replaced when it is dead', async () => {
  const peer = await aPeer()
  const proxy = await aProxy(peer)
  const sender = aSender({ connectTimeoutMs: 200 }, 0)
  await sender.send(post(proxy), patient)
  let pings = 0
  const [session] = peer.sessions
  session?.on('ping', () => pings++)
  assert.equal((await sender.send(post(proxy), patient)).case, 'answer')
  assert.deepEqual([pings, peer.connections], [1, 1])
  proxy.freeze()
  assert.equal((await sender.send(post(proxy), patient)).case, 'answer')
  assert.deepEqual([pings, peer.connections], [1, 2])
})

/** A way to the peer that forgets its connections without a word, like a firewall. */
async function aProxy(peer: Http2Peer): Promise<{ origin: string; freeze(): void }> {
  const port = Number(new URL(peer.origin).port)
  const sockets: net.Socket[] = []
  const server = net.createServer((near) => {
    const far = net.connect(port, 'localhost')
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) socket.on('error', () => {}) // it is destroyed at the end
    sockets.push(near, far)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  cleanups.push(
    () => server.close(),
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

test('closing lets requests end, those that wait too, and refuses new ones', async () => {
  const peer = await aPeer({ maxConcurrentStreams: 1 })
  const sender = aSender()
  const under = [1, 2, 3].map(() => sender.send(post(peer), patient))
  const closed = sender.close()
  assert.equal((await sender.send(post(peer), patient)).case, 'not_sent')
  assert.deepEqual(
    (await Promise.all(under)).map((exchange) => exchange.case),
    ['answer', 'answer', 'answer'],
  )
  await closed
})
