import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fromJson } from '@bufbuild/protobuf'
import { ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { waitFor } from '@mainstay/kernel/testing'
import { ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { type ConformanceService, createConformanceService } from '../testing/conformance-service.ts'
import { waysTo } from '../testing/five-ways.ts'
import { Conformance, CountRequestSchema } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServer } from '../testing/harness.ts'
import { callGrpc, exchange, grpcFrame } from '../testing/raw-calls.ts'
import type { CallContext } from './index.ts'

const ECHO = '/conformance/v1/everything'
const WAIT = '/conformance/v1/wait'
const RPC_WAIT = '/mainstay.conformance.v1.Conformance/Wait'
const tester = { authorization: 'Bearer tester' }
/** Longer than any test waits for anything. */
const forever = '3600s'

describe('a client that is slow', () => {
  let server: TestServer
  let service: ConformanceService

  before(async () => {
    service = createConformanceService()
    server = await startTestServer([service.implementation], { limits: { slowClientTimeoutMs: 100 } })
  })
  after(() => server.stop())

  const isTimeout = (answer: string): void => {
    assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.ok(answer.includes('"reason":"rpc.request_timeout"'), answer)
  }

  test('with its headers is cut off', async () => {
    isTimeout(await exchange(server.url, `GET ${ECHO} HTTP/1.1\r\nhost: x\r\nx-slow: `))
  })

  test('with its body is cut off, and its handler never runs', async () => {
    const head = `POST ${ECHO} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`
    isTimeout(await exchange(server.url, `${head}content-length: 100\r\n\r\n{"text":`))
    isTimeout(await exchange(server.url, `${head}transfer-encoding: chunked\r\n\r\n8\r\n{"text":\r\n`))
    assert.equal(service.runs.get('echo'), undefined)
  })

  test('with its message is refused over gRPC, whether it sends half of it or nothing', async () => {
    const half = grpcFrame(Buffer.from([0x0a, 0x01, 0x78])).subarray(0, 6)
    for (const frame of [half, undefined]) {
      const path = '/mainstay.conformance.v1.Conformance/Echo'
      const ended = await callGrpc(server.grpcUrl, path, { open: true, ...(frame && { frame }) })
      assert.equal(ended.status, 4)
      assert.match(ended.details, /rpc\.request_timeout/)
    }
  })

  test('does not make the time short for a handler', async () => {
    const ways = waysTo(server, Conformance.method.wait)
    assert.deepEqual(await ways.connectJson({ duration: '0.250s' }), { answer: { title: 'waited' } })
  })
})

describe('a call that takes too long', () => {
  let server: TestServer
  let service: ConformanceService

  before(async () => {
    service = createConformanceService()
    server = await startTestServer([service.implementation], { limits: { requestTimeoutMs: 200 } })
  })
  after(() => server.stop())

  test('is answered at its deadline over every protocol, and its handler is told to stop', async () => {
    const ways = waysTo(server, Conformance.method.wait)
    const request = { duration: forever }
    const outcomes = {
      rest: await ways.rest({ verb: 'POST', path: WAIT, body: request }),
      connectJson: await ways.connectJson(request),
      connectBinary: await ways.connectBinary(request),
      grpc: await ways.grpc(request),
      grpcWeb: await ways.grpcWeb(request),
    }
    for (const [way, outcome] of Object.entries(outcomes)) {
      assert.ok('reason' in outcome, way)
      assert.deepEqual([outcome.code, outcome.reason], ['deadline_exceeded', 'rpc.deadline_exceeded'], way)
    }
    assert.equal(service.runs.get('wait'), 5)
    await waitFor(() => service.open.size === 0, { what: 'every handler to hear of its deadline' })
  })

  test('is given no more than its caller asked for', async () => {
    const patient = await startTestServer([service.implementation])
    try {
      for (const [path, header] of [
        [WAIT, 'x-request-timeout-ms'],
        [RPC_WAIT, 'connect-timeout-ms'],
      ] as const) {
        const response = await fetch(patient.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', [header]: '50' },
          body: JSON.stringify({ duration: forever }),
        })
        assert.equal(response.status, 504)
        assert.match(await response.text(), /rpc\.deadline_exceeded/)
      }
      const overGrpc = await callGrpc(patient.grpcUrl, RPC_WAIT, {
        headers: { 'grpc-timeout': '50m' },
        // WaitRequest{duration: {seconds: 3600}}
        frame: grpcFrame(Buffer.from([0x0a, 0x03, 0x08, 0x90, 0x1c])),
      })
      assert.equal(overGrpc.status, 4)
      assert.match(overGrpc.details, /rpc\.deadline_exceeded/)
      await waitFor(() => service.open.size === 0, { what: 'every handler to hear of its deadline' })
    } finally {
      await patient.stop()
    }
  })

  test('is answered even when its handler does not listen', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let reason: unknown
    const handle = async (_request: unknown, ctx: CallContext): Promise<object> => {
      await held
      reason = ctx.signal.reason
      return {}
    }
    const { implementation } = createConformanceService()
    const methods = implementation.methods.map((one) => ({ ...one, handle }))
    const own = await startTestServer([{ ...implementation, methods }], { limits: { requestTimeoutMs: 50 } })
    try {
      const outcome = await waysTo(own, Conformance.method.wait).connectJson({})
      assert.ok('reason' in outcome && outcome.reason === 'rpc.deadline_exceeded')
      release()
      const told = await waitFor(() => reason, { what: 'the handler to go on' })
      assert.match(String(told), /not ready in time/)
    } finally {
      await own.stop()
    }
  })
})

describe('a stream that is open while the server stops', () => {
  test('ends with a reason to connect again, over REST and over gRPC', async () => {
    const service = createConformanceService()
    const server = await startTestServer([service.implementation])
    const request = fromJson(CountRequestSchema, { count: 2, pause: forever })
    const client = createClient(Conformance, createGrpcTransport({ baseUrl: server.grpcUrl }))
    const overGrpc = (async () => {
      for await (const _ of client.count(request, { headers: tester })) assert.fail('nothing comes so soon')
    })().catch((error: unknown) => ConnectError.from(error))
    const path = `${server.url}/conformance/v1/count?count=2&pause=${forever}`
    const events = await fetch(path, { headers: tester })
    const lines = await fetch(path, { headers: { ...tester, accept: 'application/x-ndjson' } })
    await waitFor(() => service.open.size === 3, { what: 'three open streams' })

    await server.stop()

    assert.match(
      await events.text(),
      /^event: error\ndata: \{"error":\{"code":"unavailable","reason":"rpc\.server_stopping"/m,
    )
    assert.match(await lines.text(), /^\{"error":\{"code":"unavailable","reason":"rpc\.server_stopping"/m)
    const error = await overGrpc
    assert.ok(error instanceof ConnectError)
    assert.equal(error.findDetails(ErrorInfoSchema)[0]?.reason, 'rpc.server_stopping')
    assert.equal(service.open.size, 0, 'every handler was told to stop')
  })
})
