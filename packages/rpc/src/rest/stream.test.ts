import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { waitFor } from '@mainstay/kernel/testing'
import { ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { createConformanceService } from '../../testing/conformance-service.ts'
import { Conformance } from '../../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServer } from '../../testing/harness.ts'
import type { ErrorBody } from './error-body.ts'

let server: TestServer
const service = createConformanceService()
const authorization = 'Bearer tester'
const ndjson = { accept: 'application/x-ndjson' }

before(async () => {
  server = await startTestServer([service.implementation], { limits: { streamHeartbeatMs: 100 } })
})
after(() => server.stop())

interface Open {
  request: ClientRequest
  response: IncomingMessage
}

async function open(query: string, headers: Record<string, string> = {}): Promise<Open> {
  const request = get(`${server.url}/conformance/v1/count?${query}`, {
    headers: { authorization, ...headers },
    agent: false,
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { request, response: response.setEncoding('utf8') }
}

async function readAll(query: string, headers?: Record<string, string>): Promise<string> {
  const { response } = await open(query, headers)
  return (await response.toArray()).join('')
}

const ended = () => waitFor(() => service.open.size === 0, { what: 'the handler to have stopped' })

describe('a server stream over REST', () => {
  test('is a stream of events with ids, and says that it has ended', async () => {
    const { response } = await open('count=2')
    assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
    assert.equal(response.headers['cache-control'], 'no-store')
    assert.match(String(response.headers['x-request-id']), /^req_/)
    assert.equal(
      (await response.toArray()).join(''),
      'id: 1\ndata: {"number":1,"resumeToken":"1"}\n\nid: 2\ndata: {"number":2,"resumeToken":"2"}\n\nevent: end\ndata: {}\n\n',
    )
  })

  test('is one JSON value a line for who accepts that', async () => {
    assert.equal(
      await readAll('count=2', ndjson),
      '{"number":1,"resumeToken":"1"}\n{"number":2,"resumeToken":"2"}\n',
    )
  })

  test('goes on after the event that a browser saw last, whatever it first asked for', async () => {
    const text = await readAll('count=1&resume_token=3', { ...ndjson, 'last-event-id': '41' })
    assert.equal(text, '{"number":42,"resumeToken":"42"}\n')
  })

  test('that fails before its first message answers with the error’s own status', async () => {
    const invalid = await open('count=-1')
    assert.equal(invalid.response.statusCode, 400)
    assert.equal(invalid.response.headers['content-type'], 'application/json; charset=utf-8')
    invalid.request.destroy()
    const refused = await open('count=1', { authorization: 'Bearer guest' })
    assert.equal(refused.response.statusCode, 403)
    refused.request.destroy()
  })

  test('that fails later says so in its last event', async () => {
    const events = await readAll('count=5&fail_after=1')
    const [, last = ''] = /event: error\ndata: (.*)\n\n$/.exec(events) ?? []
    assert.equal((JSON.parse(last) as ErrorBody).error.reason, 'conformance.failed')
    const lines = (await readAll('count=5&fail_after=1', ndjson)).trim().split('\n')
    assert.equal(lines.length, 2)
    assert.equal((JSON.parse(lines[1] ?? '') as ErrorBody).error.code, 'aborted')
  })

  test('that is quiet opens all the same, and gives signs of life', async () => {
    const { request, response } = await open('count=1&pause=3600s')
    const [first] = (await once(response, 'data')) as [string]
    assert.equal(first, ':\n\n')
    request.destroy()
    await ended()
    const lines = await open('count=1&pause=3600s', ndjson)
    assert.equal((await once(lines.response, 'data'))[0], '\n')
    lines.request.destroy()
    await ended()
  })

  test('stops its handler when the reader goes away', async () => {
    const { request, response } = await open('count=100000&pause=0.001s', ndjson)
    await once(response, 'data')
    assert.equal(service.open.size, 1)
    request.destroy()
    await ended()
    await waitFor(() => server.logged.some((line) => line.code === 'cancelled'), {
      what: 'the call to be logged as cancelled',
    })
  })

  test('waits for a reader that is slow instead of filling memory', async () => {
    const produced = service.produced()
    const { request, response } = await open('count=100000&padding=100000', ndjson)
    response.pause()
    // 10 GB would come. Sockets on both sides hold some messages of 100 KB each; the rest must not be made.
    await waitFor(() => service.produced() > produced, { what: 'the first message' })
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(service.produced() - produced < 1000, `${service.produced() - produced} messages were made`)
    request.destroy()
    await ended()
  })
})

describe('a server stream over Connect, gRPC-Web and gRPC', () => {
  const transports = () => ({
    connectJson: createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: false }),
    connectBinary: createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: true }),
    grpcWeb: createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1' }),
    grpc: createGrpcTransport({ baseUrl: server.grpcUrl }),
  })

  test('gives the same messages, and the same error in the end', async () => {
    for (const [name, transport] of Object.entries(transports())) {
      const client = createClient(Conformance, transport)
      const numbers: number[] = []
      await assert.rejects(
        async () => {
          for await (const { number } of client.count(
            { count: 5, failAfter: 3 },
            { headers: { authorization } },
          )) {
            numbers.push(number)
          }
        },
        (error) => ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason === 'conformance.failed',
        name,
      )
      assert.deepEqual(numbers, [1, 2, 3], name)
    }
  })

  test('refuses before the first message, and stops when the reader goes away', async () => {
    for (const [name, transport] of Object.entries(transports())) {
      const client = createClient(Conformance, transport)
      await assert.rejects(
        () => client.count({ count: 1 })[Symbol.asyncIterator]().next(),
        (error) =>
          ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason === 'conformance.unknown_caller',
        name,
      )
      const reading = new AbortController()
      const stream = client.count(
        { count: 100_000, pause: { nanos: 1_000_000 } },
        { headers: { authorization }, signal: reading.signal },
      )
      const iterator = stream[Symbol.asyncIterator]()
      assert.equal((await iterator.next()).value?.number, 1, name)
      reading.abort()
      await assert.rejects(() => iterator.next())
      await ended()
    }
  })
})
