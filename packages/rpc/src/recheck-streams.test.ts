import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { AppError } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { createConformanceService } from '../testing/conformance-service.ts'
import { Conformance } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServerOptions, tester } from '../testing/harness.ts'

const headers = { authorization: 'Bearer tester' }
const forever = { seconds: 3600n }

/** Opens a quiet stream over every protocol, lets something happen, and tells how each ended: code and reason. */
async function endsAfter(ports: NonNullable<TestServerOptions['ports']>, happen: () => void) {
  const service = createConformanceService()
  const server = await startTestServer([service.implementation], { ports })
  try {
    const transports = [
      createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
      createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1' }),
      createGrpcTransport({ baseUrl: server.grpcUrl }),
    ]
    const overLibrary = transports.map(async (transport) => {
      const stream = createClient(Conformance, transport).count({ count: 1, pause: forever }, { headers })
      const error = await stream[Symbol.asyncIterator]()
        .next()
        .then(
          () => assert.fail('nothing comes so soon'),
          (thrown: unknown) => ConnectError.from(thrown),
        )
      return [Code[error.code], error.findDetails(ErrorInfoSchema)[0]?.reason]
    })
    const overRest = ['text/event-stream', 'application/x-ndjson'].map(async (accept) => {
      const path = `${server.url}/conformance/v1/count?count=1&pause=3600s`
      const response = await fetch(path, { headers: { ...headers, accept } })
      assert.equal(response.status, 200)
      const text = await response.text()
      return [/"code":"(\w+)"/.exec(text)?.[1], /"reason":"([\w.]+)"/.exec(text)?.[1]]
    })
    await waitFor(() => service.open.size === 5, { what: 'five open streams' })
    happen()
    const ends = await Promise.all([...overLibrary, ...overRest])
    await waitFor(() => service.open.size === 0, { what: 'every handler to stop' })
    return ends
  } finally {
    await server.stop()
  }
}

const refusal = (code: 'unauthenticated' | 'permission_denied' | 'unavailable', reason: string) =>
  new AppError({ code, reason, message: 'No.' })

describe('an open stream', () => {
  test('ends when its credential is revoked, with the error that a new call would get', async () => {
    let revoked = false
    const authenticate = () => {
      if (revoked) throw refusal('unauthenticated', 'conformance.revoked')
      return tester
    }
    const ends = await endsAfter({ authenticate }, () => {
      revoked = true
    })
    for (const [code, reason] of ends) {
      assert.match(String(code), /^unauthenticated$/i)
      assert.equal(reason, 'conformance.revoked')
    }
    assert.equal(ends.length, 5)
  })

  test('ends when its caller loses the permission, whatever promises the ports answer with', async () => {
    let lost = false
    const authorise = async () => {
      if (lost) throw refusal('permission_denied', 'conformance.forbidden')
    }
    const ends = await endsAfter({ authenticate: async () => tester, authorise }, () => {
      lost = true
    })
    for (const [, reason] of ends) assert.equal(reason, 'conformance.forbidden')
  })

  test('is asked about without counting as use', async () => {
    const service = createConformanceService()
    let authenticated = 0
    let again = 0
    const ports = {
      authenticate: () => {
        authenticated++
        return tester
      },
      reauthenticate: () => {
        again++
        return tester
      },
    }
    const server = await startTestServer([service.implementation], { ports })
    const leaving = new AbortController()
    try {
      const path = `${server.url}/conformance/v1/count?count=1&pause=3600s`
      const response = await fetch(path, { headers, signal: leaving.signal })
      assert.equal(response.status, 200)
      await waitFor(() => again >= 2, { what: 'it to be asked about twice' })
      assert.equal(authenticated, 1)
    } finally {
      leaving.abort()
      await server.stop()
    }
  })
})
