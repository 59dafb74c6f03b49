import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { createLogger, createMetrics, loadSettings } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { createConformanceService } from '../../testing/conformance-service.ts'
import { Conformance } from '../../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { tester } from '../../testing/harness.ts'
import { createRpc, rpcSettings } from '../index.ts'

const forever = { seconds: 3600n }
const endOf = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => assert.fail('it was answered'),
    (error: unknown) => ConnectError.from(error),
  )

test('closing waits for a call under way, ends streams at once, and is ended by closeAllConnections', async () => {
  const service = createConformanceService()
  const grpc = createRpc({
    implementations: [service.implementation],
    ports: { authenticate: () => tester, authorise: () => undefined },
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    limits: loadSettings([rpcSettings], { HTTP_REQUEST_TIMEOUT_MS: '600000' }).rpc,
  }).createGrpcServer()
  await grpc.listen({ host: '127.0.0.1', port: 0 })
  const baseUrl = `http://127.0.0.1:${grpc.address().port}`
  const client = createClient(Conformance, createGrpcTransport({ baseUrl }))
  let waits = true
  const wait = endOf(client.wait({ duration: forever })).finally(() => {
    waits = false
  })
  const stream = endOf(client.count({ count: 1, pause: forever })[Symbol.asyncIterator]().next())
  await waitFor(() => service.open.size === 2, { what: 'the call and the stream' })

  let closed = false
  const closing = grpc.close().then(() => {
    closed = true
  })
  const ended = await stream
  assert.equal(ended.code, Code.Unavailable)
  assert.equal(ended.findDetails(ErrorInfoSchema)[0]?.reason, 'rpc.server_stopping')
  assert.deepEqual([waits, closed], [true, false])

  grpc.closeAllConnections()
  await closing
  assert.equal((await wait).code, Code.Canceled)
  await waitFor(() => service.open.size === 0, { what: 'the handler to be told' })
})
