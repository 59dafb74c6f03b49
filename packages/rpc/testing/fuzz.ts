import assert from 'node:assert/strict'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { toBinary } from '@bufbuild/protobuf'
import fc, { type Arbitrary } from 'fast-check'
import type { HttpBinding } from '../src/http-rule/bindings.ts'
import type { Method } from '../src/method.ts'
import { anything, arbitraryJson } from './arbitrary-json.ts'
import { arbitraryMessage } from './arbitrary-message.ts'
import { callGrpc, grpcFrame } from './raw-calls.ts'

export interface FuzzOptions {
  url: string
  grpcUrl: string
  /** `rpc.methods` of the server under test. */
  methods: readonly Method[]
  /** Sent with every request: a caller who may do all gets further than one who may not. */
  headers?: Record<string, string>
  /** Tries per method and form of request. Default 20. */
  runs?: number
  /** To repeat a run that failed. */
  seed?: number
}

/**
 * Calls every method with requests that are nearly right, and with bytes that are not, over every protocol. Fails when
 * one is answered with a failure of ours (5xx, or gRPC's UNKNOWN, INTERNAL and DATA_LOSS), and when a promise is rejected
 * and nobody looks. What it finds, fast-check shrinks to the smallest request that does it.
 */
export async function fuzz({
  url,
  grpcUrl,
  methods,
  headers = {},
  runs = 20,
  seed,
}: FuzzOptions): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  const check = <T>(what: string, values: Arbitrary<T>, call: (value: T) => Promise<void>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(values, async (value) => {
        await call(value)
        assert.deepEqual(unhandled, [], `${what} left a rejection behind`)
      }),
      { numRuns: runs, ...(seed !== undefined && { seed }) },
    )
  const post = (path: string, contentType: string, body: Body): Promise<void> =>
    expectNoFailure(agent, url, {
      verb: 'POST',
      path,
      body,
      headers: { ...headers, 'content-type': contentType },
    })

  try {
    for (const method of methods) {
      const path = `/${method.name}`
      for (const binding of method.bindings) {
        await check(`${method.name} over REST`, restRequest(method, binding), (request) =>
          expectNoFailure(agent, url, { ...request, headers: { ...headers, ...request.headers } }),
        )
      }
      if (!method.streams) {
        await check(`${method.name} over Connect`, jsonBody(method), (body) =>
          post(path, 'application/json', body),
        )
        await check(`${method.name} over Connect, binary`, binaryBody(method), (body) =>
          post(path, 'application/proto', body),
        )
      }
      await check(`${method.name} over gRPC-Web`, binaryBody(method), (body) =>
        post(path, 'application/grpc-web+proto', grpcFrame(body)),
      )
      await check(`${method.name} over gRPC`, binaryBody(method), async (body) => {
        const { status } = await callGrpc(grpcUrl, path, { headers, frame: grpcFrame(body) })
        assert.ok(status !== undefined && ![2, 13, 15].includes(status), `gRPC status ${status}`)
      })
    }
  } finally {
    process.off('unhandledRejection', onUnhandled)
    agent.destroy()
  }
}

type Body = string | Buffer

interface RawRequest {
  verb: string
  path: string
  body: Body | undefined
  headers: Record<string, string>
}

function restRequest(method: Method, binding: HttpBinding): Arbitrary<RawRequest> {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.constantFrom('..', '%', 'things', 'a:b'),
  )
  const segments = binding.template.segments.map((segment) =>
    segment.kind === 'literal'
      ? fc.constant(segment.text)
      : text.map((value) => (value === '%' ? '%' : safeEscape(value))),
  )
  const names = method.input.fields.flatMap((field) => [field.jsonName, field.name])
  const name = fc.oneof(fc.constantFrom(...names, 'nope'), fc.string({ maxLength: 5 }))
  const query = fc.array(fc.tuple(name, text), { maxLength: 3 })
  const body = binding.body === 'none' ? fc.constant(undefined) : jsonBody(method, binding)
  return fc.record({ segments: fc.tuple(...segments), query, body }).map((parts) => ({
    verb: binding.httpMethod,
    path: pathOf(parts.segments, binding.template.verb, parts.query),
    body: parts.body,
    headers: parts.body === undefined ? {} : { 'content-type': 'application/json' },
  }))
}

function pathOf(segments: readonly string[], verb: string, query: readonly [string, string][]): string {
  const pairs = query.map(([name, value]) => `${safeEscape(name)}=${safeEscape(value)}`).join('&')
  return `/${segments.join('/')}${verb === '' ? '' : `:${verb}`}${pairs === '' ? '' : `?${pairs}`}`
}

function safeEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Nearly right JSON, any JSON, and bytes that are no JSON. */
function jsonBody(method: Method, binding?: HttpBinding): Arbitrary<Body> {
  const field = typeof binding?.body === 'object' ? binding.body.message : undefined
  const value = arbitraryJson(field ?? method.input, 2)
  return fc.oneof(
    { weight: 8, arbitrary: value.map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: anything.map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  )
}

/** A message in wire format, the same with a byte changed or its end cut off, and noise. */
function binaryBody(method: Method): Arbitrary<Buffer> {
  const bytes = arbitraryMessage(method.input, 1).map((message) =>
    Buffer.from(toBinary(method.input, message)),
  )
  return fc.oneof(
    bytes,
    fc.tuple(bytes, fc.nat(), fc.nat(255)).map(([whole, at, value]) => {
      const changed = Buffer.from(whole)
      if (changed.length > 0) changed[at % changed.length] = value
      return changed
    }),
    fc
      .tuple(bytes, fc.nat())
      .map(([whole, at]) => whole.subarray(0, whole.length === 0 ? 0 : at % whole.length)),
    fc.uint8Array({ maxLength: 40 }).map((noise) => Buffer.from(noise)),
  )
}

/** Sends a request and leaves after the first piece of the answer, as a stream may never end. */
async function expectNoFailure(
  agent: Agent,
  url: string,
  { verb, path, body, headers }: RawRequest,
): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(
      url + path,
      { method: verb, agent, headers: { ...headers, ...length } },
      resolve,
    )
    request.on('error', reject)
    request.end(body)
  })
  const status = response.statusCode ?? 0
  if (String(response.headers['content-type']).startsWith('text/event-stream')) response.destroy()
  else if (status >= 500) assert.fail(`${status} ${(await response.toArray()).join('')}`)
  else response.resume()
  assert.ok(status < 500)
}
