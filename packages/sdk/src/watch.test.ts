import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { AppError, type Code } from '@mainstay/kernel'
import {
  Conformance,
  createConformanceService,
  startTestServer,
  type TestServer,
} from '@mainstay/rpc/testing'
import { createClient } from './client.ts'
import { MainstayError } from './errors.ts'

interface Count {
  resumeToken: string
}
type Numbers = AsyncGenerator<{ number: number; resumeToken: string }>

let server: TestServer | undefined
afterEach(() => server?.stop())

/** A server whose `Count` streams what `count` makes; `opened` has the token of each call to it. */
async function serve(count: (after: number) => Numbers, opened: string[] = []): Promise<string[]> {
  const { implementation } = createConformanceService()
  const handle = (request: unknown) => {
    const { resumeToken } = request as Count
    opened.push(resumeToken)
    return count(Number(resumeToken || 0))
  }
  const methods = implementation.methods.map((each) =>
    each.method.localName === 'count' ? { ...each, handle } : each,
  )
  server = await startTestServer([{ ...implementation, methods }])
  return opened
}

async function restart(count: (after: number) => Numbers, opened: string[]): Promise<void> {
  await server?.stop()
  await serve(count, opened)
}

/** A client that finds the server wherever it is now, as behind a load balancer. */
const client = () =>
  createClient(Conformance, {
    baseUrl: 'http://server',
    headers: () => ({ authorization: 'Bearer tester' }),
    fetch: (url, init) => fetch(String(url).replace('http://server', String(server?.url)), init),
    timeoutMs: 10_000,
    maxRetries: 0,
  })

const next = (number: number) => ({ number, resumeToken: String(number) })

async function* endless(after: number): Numbers {
  for (let number = after + 1; ; number++) {
    yield next(number)
    await new Promise(setImmediate)
  }
}

test('a watch outlives servers that stop: it goes on where it was, and loses and repeats nothing', async () => {
  const opened = await serve(endless)
  const numbers: number[] = []
  for await (const { number } of client().count({})) {
    numbers.push(number)
    if (number === 100 || number === 300) await restart(endless, opened)
    if (number === 500) break
  }
  assert.deepEqual(
    numbers,
    Array.from({ length: 500 }, (_, index) => index + 1),
  )
  assert.equal(opened.length, 3)
  assert.equal(opened[0], '')
})

test('a server that says it stops is left for the next one, from the last number that was read', async () => {
  async function* untilStopped(after: number): Numbers {
    for (let number = after + 1; number <= after + 3; number++) yield next(number)
    if (after === 0)
      throw new AppError({ code: 'unavailable', reason: 'rpc.server_stopping', message: 'Stops.' })
  }
  const opened = await serve(untilStopped)
  const numbers: number[] = []
  for await (const { number } of client().count({})) {
    numbers.push(number)
    if (number === 6) break
  }
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6])
  assert.deepEqual(opened, ['', '3'])
})

for (const code of ['unauthenticated', 'permission_denied', 'invalid_argument'] satisfies Code[]) {
  test(`${code} within a watch ends it, and the server is not asked again`, async () => {
    async function* refused(after: number): Numbers {
      yield next(after + 1)
      throw new AppError({ code, reason: 'conformance.failed', message: 'No longer.' })
    }
    const opened = await serve(refused)
    const numbers: number[] = []
    const failure = await (async () => {
      for await (const { number } of client().count({})) numbers.push(number)
    })().then(() => assert.fail('it was expected to fail'), Object)
    assert.ok(failure instanceof MainstayError)
    assert.equal(failure.code, code)
    assert.equal(failure.reason, 'conformance.failed')
    assert.deepEqual(numbers, [1])
    assert.deepEqual(opened, [''])
  })
}
