import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DescMethod } from '@bufbuild/protobuf'
import { AppError, currentTrace } from '@mainstay/kernel'
import { createConformanceService } from '../testing/conformance-service.ts'
import { Conformance } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer, type TestServer, type TestServerOptions, tester } from '../testing/harness.ts'
import { type RawAnswer, send } from '../testing/raw-calls.ts'
import { implement } from './implement.ts'
import { accessRuleOf } from './method.ts'
import type { ErrorBody } from './rest/error-body.ts'

const json = { 'content-type': 'application/json' }
const signedIn = { ...json, authorization: 'Bearer tester' }

interface Running {
  server: TestServer
  service: ReturnType<typeof createConformanceService>
  touch(body: string, headers?: Record<string, string>): Promise<RawAnswer>
}

async function withServer(
  options: TestServerOptions,
  run: (running: Running) => Promise<void>,
): Promise<void> {
  const service = createConformanceService()
  const server = await startTestServer([service.implementation], options)
  try {
    await run({
      server,
      service,
      touch: (body, headers = {}) =>
        send(server.url, '/conformance/v1/things/1:touch', { headers: { ...signedIn, ...headers }, body }),
    })
  } finally {
    await server.stop()
  }
}

const reasonOf = ({ text }: RawAnswer): string => (JSON.parse(text) as ErrorBody).error.reason

describe('the pipeline', () => {
  test('goes trace, authenticate, authorise, limit, validate, idempotency, handler', async () => {
    const steps: string[] = []
    const note = (step: string): void => {
      assert.ok(currentTrace(), 'every step runs inside the trace')
      steps.push(step)
    }
    let refuseAt: string | undefined
    const at = (step: string): void => {
      note(step)
      if (refuseAt === step)
        throw new AppError({ code: 'aborted', reason: `stopped.at_${step}`, message: 'Stop.' })
    }
    const ports: TestServerOptions['ports'] = {
      authenticate: () => {
        at('authenticate')
        return tester
      },
      authorise: () => at('authorise'),
      limit: () => at('limit'),
      idempotency: {
        run: async (_ctx, _method, _hash, execute) => {
          at('idempotency')
          return { bytes: await execute({} as never), replayed: false }
        },
      },
    }
    await withServer({ ports }, async ({ touch, service }) => {
      const key = { 'idempotency-key': 'k' }
      assert.equal((await touch('{"title":"x"}', key)).status, 200)
      assert.deepEqual(steps, ['authenticate', 'authorise', 'limit', 'idempotency'])
      assert.equal(service.runs.get('touchThing'), 1)
      const wrongEverywhere = '{"title":"far too long to be a title of anything","nope":1}'
      for (refuseAt of ['authenticate', 'authorise', 'limit']) {
        steps.length = 0
        assert.equal(reasonOf(await touch(wrongEverywhere, key)), `stopped.at_${refuseAt}`)
        assert.equal(steps.at(-1), refuseAt)
      }
      refuseAt = 'idempotency'
      steps.length = 0
      assert.equal(
        reasonOf(await touch('{"title":"far too long to be a title of anything"}', key)),
        'rpc.field_invalid',
      )
      assert.ok(!steps.includes('idempotency'), 'a request that is not valid uses no key')
      assert.equal(service.runs.get('touchThing'), 1)
    })
  })

  test('waits for ports that answer with a promise', async () => {
    const later = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(value)))
    const ports = {
      authenticate: () => later(tester),
      authorise: () => later(undefined),
      limit: () =>
        Promise.reject(
          new AppError({ code: 'resource_exhausted', reason: 'conformance.busy', message: 'Busy.' }),
        ),
    }
    await withServer({ ports }, async ({ touch }) => {
      assert.equal((await touch('{}')).status, 429)
    })
  })

  test('asks nobody for public methods', async () => {
    const ports = {
      authenticate: () => assert.fail('authenticate was asked'),
      authorise: () => assert.fail('authorise was asked'),
    }
    await withServer({ ports }, async ({ server }) => {
      assert.equal((await send(server.url, '/conformance/v1/everything', { verb: 'GET' })).status, 200)
    })
  })

  test('continues the caller’s trace, and starts one where there is none or a broken one', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await withServer({}, async ({ server, touch }) => {
      await touch('{}', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
      await touch('{}', { traceparent: '00-nonsense' })
      const [first, second] = server.logged
      assert.equal(first?.traceId, traceId)
      assert.notEqual(first?.spanId, '00f067aa0ba902b7')
      assert.match(String(second?.traceId), /^[0-9a-f]{32}$/)
      assert.notEqual(second?.traceId, traceId)
    })
  })
})

describe('an idempotency key', () => {
  test('gives the first answer again, over any protocol, without a second run', async () => {
    await withServer({}, async ({ server, service, touch }) => {
      const key = { 'idempotency-key': 'order-1' }
      const first = await touch('{"title":"x"}', key)
      assert.equal(first.headers['idempotent-replayed'], undefined)
      const again = await touch('{ "title" : "x" }', key)
      assert.equal(again.headers['idempotent-replayed'], 'true')
      assert.equal(again.text, first.text)
      const overConnect = await send(server.url, '/mainstay.conformance.v1.Conformance/TouchThing', {
        headers: { ...signedIn, ...key },
        body: '{"name":"things/1","title":"x"}',
      })
      assert.equal(overConnect.headers['idempotent-replayed'], 'true')
      assert.deepEqual(JSON.parse(overConnect.text), JSON.parse(first.text))
      assert.equal(service.runs.get('touchThing'), 1)
      assert.equal((await touch('{"title":"other"}', key)).status, 409)
    })
  })

  test('of a call that failed is free again', async () => {
    let fails = true
    const service = createConformanceService()
    const failing = {
      ...service.implementation,
      methods: service.implementation.methods.map((one) => ({
        ...one,
        handle: (...args: Parameters<typeof one.handle>) => {
          if (fails)
            throw new AppError({ code: 'unavailable', reason: 'conformance.failed', message: 'Not now.' })
          return one.handle(...args)
        },
      })),
    }
    const server = await startTestServer([failing])
    const touch = () =>
      send(server.url, '/conformance/v1/things/1:touch', {
        headers: { ...signedIn, 'idempotency-key': 'k' },
        body: '{}',
      })
    try {
      assert.equal((await touch()).status, 503)
      fails = false
      assert.equal((await touch()).status, 200)
    } finally {
      await server.stop()
    }
  })

  test('is left to a method that keeps its own, with the hash of the request', async () => {
    const service = createConformanceService()
    const seen: unknown[] = []
    const handle = (_request: unknown, ctx: { idempotency?: unknown }) => {
      seen.push(ctx.idempotency)
      return {}
    }
    const owner = {
      ...service.implementation,
      methods: service.implementation.methods.map((one) =>
        one.method === Conformance.method.touchThing ? { ...one, ownsIdempotency: true, handle } : one,
      ),
    }
    const server = await startTestServer([owner], {
      ports: { idempotency: { run: () => assert.fail('the port was asked') } },
    })
    try {
      for (const body of ['{"title":"x"}', '{"title":"x"}', '{"title":"y"}']) {
        await send(server.url, '/conformance/v1/things/1:touch', {
          headers: { ...signedIn, 'idempotency-key': 'k' },
          body,
        })
      }
      const hashes = seen.map((one) =>
        Buffer.from((one as { requestHash: Uint8Array }).requestHash).toString('hex'),
      )
      assert.equal(hashes[0]?.length, 64)
      assert.equal(hashes[0], hashes[1])
      assert.notEqual(hashes[0], hashes[2])
    } finally {
      await server.stop()
    }
  })
})

describe('the record of a call', () => {
  test('is one line and one observation, without anything that the request held', async () => {
    await withServer({}, async ({ server, touch }) => {
      await touch('{"title":"my secret title"}', { 'x-request-id': 'mine' })
      await touch('{"title":"far too long, and secret, for a title"}')
      await send(server.url, '/conformance/v1/nothing?secret=1', { verb: 'GET' })
      const { durationMs, spanId: _, traceId: __, time: ___, ...line } = server.logged[0] ?? {}
      assert.deepEqual(line, {
        level: 'info',
        method: 'mainstay.conformance.v1.Conformance/TouchThing',
        protocol: 'rest',
        code: 'ok',
        caller: 'key_tester',
        requestId: 'mine',
        msg: 'rpc',
      })
      assert.equal(typeof durationMs, 'number')
      assert.equal(server.logged.length, 3)
      assert.equal(server.logged[1]?.reason, 'rpc.field_invalid')
      assert.ok(!JSON.stringify(server.logged).includes('secret'))
      const count = (method: string, code: string) =>
        server.metrics.read('mainstay_rpc_request_seconds', { method, code })
      assert.equal(count('mainstay.conformance.v1.Conformance/TouchThing', 'ok'), 1)
      assert.equal(count('mainstay.conformance.v1.Conformance/TouchThing', 'invalid_argument'), 1)
      assert.equal(count('none', 'not_found'), 1)
    })
  })

  test('of an error of ours holds its cause, and the answer nothing of it', async () => {
    await withServer({}, async ({ server }) => {
      const answer = await send(server.url, '/conformance/v1/fail', {
        headers: json,
        body: '{"code":"none of these"}',
      })
      assert.equal(answer.status, 500)
      assert.equal(reasonOf(answer), 'kernel.internal')
      assert.ok(!answer.text.includes('db.internal'))
      const [line] = server.logged as { level: string; err: { message: string; stack: string } }[]
      assert.equal(line?.level, 'error')
      assert.match(line?.err.message ?? '', /db\.internal/)
      assert.match(line?.err.stack ?? '', /conformance-service/)
    })
  })
})

describe('a contract that is not fit to be served stops the start', () => {
  const method = Conformance.method.echo

  test('a method without an access rule', () => {
    const bare = { ...method, proto: { ...method.proto, options: undefined } } as unknown as DescMethod
    assert.throws(() => accessRuleOf('x/Y', bare), /x\/Y has no access rule/)
  })

  test('a service without all its handlers', () => {
    assert.throws(
      () => implement(Conformance, { echo: (request: never) => request } as never),
      /no handler for Check, GetThing/,
    )
  })
})
