import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createConformanceService } from '../testing/conformance-service.ts'
import { type Outcome, waysTo } from '../testing/five-ways.ts'
import { Conformance } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServer } from '../testing/harness.ts'
import { callGrpc, exchange, grpcFrame, type RawAnswer, type RawRequest, send } from '../testing/raw-calls.ts'

const MAX_BODY = 64 * 1024
const ECHO = '/conformance/v1/everything'
const TOUCH = '/conformance/v1/things/1:touch'
const CONNECT_ECHO = '/mainstay.conformance.v1.Conformance/Echo'
const json = { 'content-type': 'application/json' }
const tester = { authorization: 'Bearer tester' }

let server: TestServer

before(async () => {
  server = await startTestServer([createConformanceService().implementation], {
    limits: { maxBodyBytes: MAX_BODY },
  })
})
after(() => server.stop())

const post = (path: string, body: RawRequest['body'], headers: Record<string, string> = json) =>
  send(server.url, path, { headers, ...(body === undefined ? {} : { body }) })

/** A refusal over REST: its status, its reason, a page to read, and a request id to ask about. */
function assertRefused({ status, headers, text }: RawAnswer, wantStatus: number, reason: string): void {
  const { error } = JSON.parse(text) as { error: Record<string, unknown> }
  assert.deepEqual([status, error.reason, error.docs], [wantStatus, reason, `/docs/errors/${reason}`], text)
  assert.match(String(error.requestId), /^req_/)
  assert.equal(headers['x-request-id'], error.requestId)
}

/** The same for an answer read from a bare socket. */
function assertSocketRefused(answer: string, status: number, reason: string): void {
  assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
  assert.ok(answer.includes(`"reason":"${reason}"`), answer)
}

function reasonOf(outcome: Outcome): string {
  return 'reason' in outcome ? outcome.reason : JSON.stringify(outcome)
}

/** The violations of a REST answer as `reason field`. */
function violationsIn({ text }: RawAnswer): string[] {
  const { error } = JSON.parse(text) as { error: { details: { field: string; reason: string }[] } }
  return error.details.map(({ field, reason }) => `${reason} ${field}`)
}

describe('a body that is too large', () => {
  const sized = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) })

  test('a body of just the limit is read', async () => {
    const answer = await post(ECHO, sized(MAX_BODY))
    assert.equal(answer.status, 200)
    assert.equal(answer.text.length, MAX_BODY)
  })

  test('a body of one byte more is refused, whether its length was announced or not', async () => {
    const body = sized(MAX_BODY + 1)
    assertRefused(await post(ECHO, body), 413, 'rpc.body_too_large')
    assertRefused(
      await send(server.url, ECHO, { headers: json, body, chunked: true }),
      413,
      'rpc.body_too_large',
    )
  })

  test('an announced length is refused before its first byte, and the connection ends', async () => {
    const head = `POST ${ECHO} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4000000000\r\n\r\n`
    assertSocketRefused(await exchange(server.url, head), 413, 'rpc.body_too_large')
  })

  test('it is refused over Connect, gRPC and gRPC-Web too', async () => {
    const ways = waysTo(server, Conformance.method.echo)
    const request = { text: 'x'.repeat(MAX_BODY + 1) }
    for (const way of ['connectJson', 'connectBinary', 'grpc', 'grpcWeb'] as const) {
      assert.equal(reasonOf(await ways[way](request)), 'rpc.body_too_large', way)
    }
  })

  test('a small body that unpacks to a huge one is refused, however it is packed', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024, ' '))
    assert.ok(bomb.length < MAX_BODY)
    for (const path of [ECHO, CONNECT_ECHO]) {
      const answer = await post(path, bomb, { ...json, 'content-encoding': 'gzip' })
      assert.ok(answer.text.includes('rpc.body_too_large'), answer.text)
    }
    const overGrpc = await callGrpc(server.grpcUrl, CONNECT_ECHO, {
      headers: { 'grpc-encoding': 'gzip' },
      frame: grpcFrame(bomb, { packed: true }),
    })
    assert.equal(overGrpc.status, 8)
    assert.match(overGrpc.details, /rpc\.body_too_large/)
  })
})

describe('a body that cannot be read', () => {
  test('JSON that nests ten thousand deep is refused before it becomes a tree', async () => {
    for (const body of [
      `{"list":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      `${'{"x":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      '['.repeat(MAX_BODY),
    ]) {
      assertRefused(await post(ECHO, body), 400, 'rpc.body_too_deep')
      assert.ok((await post(CONNECT_ECHO, body)).text.includes('rpc.body_too_deep'))
    }
  })

  test('brackets inside text do not count as depth', async () => {
    assert.equal((await post(ECHO, JSON.stringify({ text: '["{'.repeat(1000) }))).status, 200)
  })

  test('protobuf that nests ten thousand deep is refused, and the server goes on', async () => {
    const deep = nested(10_000)
    const binary = await post(CONNECT_ECHO, deep, { 'content-type': 'application/proto' })
    assert.ok(binary.text.includes('rpc.body_malformed'), binary.text.slice(0, 500))
    const overGrpc = await callGrpc(server.grpcUrl, CONNECT_ECHO, { frame: grpcFrame(deep) })
    assert.match(overGrpc.details, /rpc\.body_malformed/)
    assert.equal((await post(ECHO, '{}')).status, 200)
  })

  test('what is not JSON, not UTF-8 or not protobuf is malformed', async () => {
    for (const body of ['{"text":', '{text:1}', '\u0000', Buffer.from('{"text":"\xff"}', 'latin1')]) {
      assertRefused(await post(ECHO, body), 400, 'rpc.body_malformed')
      assert.ok((await post(CONNECT_ECHO, body)).text.includes('rpc.body_malformed'))
    }
    const notProtobuf = Buffer.from([0x0a, 0xff, 0x01])
    const binary = await post(CONNECT_ECHO, notProtobuf, { 'content-type': 'application/proto' })
    assert.ok(binary.text.includes('rpc.body_malformed'), binary.text)
    const overGrpc = await callGrpc(server.grpcUrl, CONNECT_ECHO, { frame: grpcFrame(notProtobuf) })
    assert.match(overGrpc.details, /rpc\.body_malformed/)
  })

  test('a body that is not packed as it says is malformed', async () => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const answer = await post(ECHO, '{"text":"plain"}', { ...json, 'content-encoding': encoding })
      assertRefused(answer, 400, 'rpc.body_malformed')
    }
  })

  test('a way of packing that is not known here is refused by name', async () => {
    for (const encoding of ['zstd', 'gzip, gzip', 'toString']) {
      const answer = await post(ECHO, '{}', { ...json, 'content-encoding': encoding })
      assertRefused(answer, 415, 'rpc.encoding_unsupported')
    }
    const overGrpc = await callGrpc(server.grpcUrl, CONNECT_ECHO, {
      headers: { 'grpc-encoding': 'zstd' },
      frame: grpcFrame(Buffer.alloc(4), { packed: true }),
    })
    assert.equal(overGrpc.status, 12)
    assert.match(overGrpc.details, /rpc\.encoding_unsupported/)
  })

  test('a body that does not say it is JSON is refused, so that a form of another site gets nowhere', async () => {
    for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      assertRefused(
        await post(ECHO, '{}', { 'content-type': contentType }),
        415,
        'rpc.media_type_unsupported',
      )
    }
    assertRefused(await post(ECHO, '{}', {}), 415, 'rpc.media_type_unsupported')
    assertRefused(
      await post(CONNECT_ECHO, '{}', { 'content-type': 'text/plain' }),
      415,
      'rpc.media_type_unsupported',
    )
    const overGrpc = await callGrpc(server.grpcUrl, CONNECT_ECHO, {
      headers: { 'content-type': 'text/plain' },
    })
    assert.equal(overGrpc.httpStatus, 415)
  })
})

describe('a request line or header that cannot be taken', () => {
  test('headers over the limit are refused', async () => {
    const answer = await send(server.url, ECHO, {
      verb: 'GET',
      headers: { 'x-large': 'x'.repeat(16 * 1024) },
    })
    assertRefused(answer, 431, 'rpc.header_too_large')
  })

  test('a path or query over the limit is refused, one of just the limit is not', async () => {
    const query = `${ECHO}?text=`
    const fits = await send(server.url, query + 'x'.repeat(8 * 1024 - query.length), { verb: 'GET' })
    assert.equal(fits.status, 200)
    for (const path of [query, '/conformance/v1/things/', '/nothing/']) {
      const answer = await send(server.url, path + 'x'.repeat(8 * 1024 + 1 - path.length), { verb: 'GET' })
      assertRefused(answer, 414, 'rpc.url_too_long')
    }
  })

  test('a malformed escape is refused in the path and in the query', async () => {
    for (const path of ['/conformance/v1/things/%zz', '/conformance/v1/things/%', `${ECHO}?text=%E2%82`]) {
      assertRefused(await send(server.url, path, { verb: 'GET' }), 400, 'rpc.request_malformed')
    }
  })

  test('what is not HTTP, or could be read as two requests, is refused and the connection ends', async () => {
    const twoLengths = `POST ${ECHO} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`
    for (const bytes of ['HELLO\r\n\r\n', `GET ${ECHO} HTTP/1.1\r\nbad header\r\n\r\n`, twoLengths]) {
      assertSocketRefused(await exchange(server.url, bytes), 400, 'rpc.request_malformed')
    }
  })

  test('a path that is nothing is not found', async () => {
    assertRefused(await post('/conformance/v1/nothing', '{}'), 404, 'rpc.route_not_found')
    assertRefused(
      await post('/mainstay.conformance.v1.Conformance/Nothing', '{}'),
      404,
      'rpc.route_not_found',
    )
    const overGrpc = await callGrpc(server.grpcUrl, '/mainstay.conformance.v1.Conformance/Nothing')
    assert.equal(overGrpc.status, 12)
  })

  test('a path that takes other methods says which', async () => {
    const overRest = await send(server.url, '/conformance/v1/checked', { verb: 'DELETE' })
    assertRefused(overRest, 405, 'rpc.method_not_allowed')
    assert.equal(overRest.headers.allow, 'POST')
    assert.equal((await send(server.url, ECHO, { verb: 'DELETE' })).headers.allow, 'GET, POST')
    const overConnect = await send(server.url, CONNECT_ECHO, { verb: 'PUT' })
    assertRefused(overConnect, 405, 'rpc.method_not_allowed')
    assert.equal(overConnect.headers.allow, 'POST')
  })

  test('a key that is empty, too long or not printable ASCII is no idempotency key', async () => {
    for (const key of ['', 'x'.repeat(256), 'clé', 'a\tb']) {
      const answer = await post(TOUCH, '{}', { ...json, ...tester, 'idempotency-key': key })
      assertRefused(answer, 400, 'rpc.idempotency_key_invalid')
    }
    const longest = await post(TOUCH, '{}', { ...json, ...tester, 'idempotency-key': 'x'.repeat(255) })
    assert.equal(longest.status, 200)
  })
})

describe('a field that is wrong', () => {
  test('unknown fields are refused, each by its path', async () => {
    const answer = await post(ECHO, '{"child":{"nope":1},"children":[{},{"no":2}],"__proto__":{}}')
    assertRefused(answer, 400, 'rpc.field_unknown')
    assert.deepEqual(violationsIn(answer), [
      'rpc.field_unknown child.nope',
      'rpc.field_unknown children[1].no',
      'rpc.field_unknown __proto__',
    ])
    const inQuery = await send(server.url, `${ECHO}?nope=1`, { verb: 'GET' })
    assert.deepEqual(violationsIn(inQuery), ['rpc.field_unknown nope'])
  })

  test('values of the wrong type are refused, each by its path', async () => {
    const answer = await post(ECHO, '{"text":1,"children":[{},{"small":"x"}],"labels":{"a":{}},"flag":"yes"}')
    assertRefused(answer, 400, 'rpc.field_invalid')
    assert.deepEqual(violationsIn(answer), [
      'rpc.field_invalid text',
      'rpc.field_invalid children[1].small',
      'rpc.field_invalid labels["a"]',
      'rpc.field_invalid flag',
    ])
  })

  test('a member that is written twice is refused by its path', async () => {
    const answer = await post(ECHO, '{"child":{"text":"a","text":"b"}}')
    assertRefused(answer, 400, 'rpc.field_invalid')
    assert.deepEqual(violationsIn(answer), ['rpc.field_invalid child.text'])
  })
})

/** A message in a message, so many levels deep, as protobuf writes it: field 30 is `child`. */
function nested(levels: number): Buffer {
  const heads: Buffer[] = []
  let length = 0
  for (let level = 0; level < levels; level++) {
    const head = Buffer.from([0xf2, 0x01, ...varint(length)])
    heads.unshift(head)
    length += head.length
  }
  return Buffer.concat(heads)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}
