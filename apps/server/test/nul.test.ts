import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import { temporaryHome, useTestDatabase } from '@mainstay/kernel/testing'
import { rule } from '@mainstay/proto/access/v1/rule'
import { BadRequestSchema } from '@mainstay/proto/google/rpc'
import type { Server } from '../src/server.ts'
import { signInOperator, startHere } from './in-process.ts'

const database = useTestDatabase()
const home = temporaryHome()
let server: Server
let headers: Record<string, string>
/** Of an account, for methods that accounts call about themselves. */
let ownHeaders: Record<string, string>

before(async () => {
  server = await startHere('api', { database, home })
  // An operator may call every method that is not an account's own, which no API key may.
  headers = { ...(await signInOperator(server)), 'mainstay-project': 'default' }
  const { clientId } = await post('/v1/clients', { kind: 'customer', displayName: 'An app' })
  const { accessToken } = await post('/v1/anonymous-accounts', { clientId })
  ownHeaders = { authorization: `Bearer ${accessToken}` }
})
after(async () => {
  await server?.stop()
  rmSync(home, { recursive: true, force: true })
})

async function post(path: string, body: unknown): Promise<Record<string, string>> {
  const answer = await fetch(server.httpUrl + path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200)
  return (await answer.json()) as Record<string, string>
}

const TEXT = 'a\0b'

interface Planted {
  /** Where the text is, as a violation names it. */
  path: string
  value: unknown
}

/** Requests of this type that hold U+0000 once, one for each place that takes text. */
function plantIn(message: DescMessage, path: string, above: readonly DescMessage[]): Planted[] {
  if (message.typeName === 'google.protobuf.Struct') {
    return [
      { path: `${path}["key"]`, value: { key: TEXT } },
      { path: `${path}["deep"][0]["key"]`, value: { deep: [{ key: TEXT }] } },
    ]
  }
  if (above.includes(message)) return []
  return message.fields.flatMap((field) =>
    plantAt(field, path === '' ? field.jsonName : `${path}.${field.jsonName}`, [...above, message]).map(
      (planted) => ({
        path: planted.path,
        value:
          field.oneof === undefined
            ? { [field.localName]: planted.value }
            : { [field.oneof.localName]: { case: field.localName, value: planted.value } },
      }),
    ),
  )
}

function plantAt(field: DescField, path: string, above: readonly DescMessage[]): Planted[] {
  const isText = field.scalar === 9
  const one = (at: string): Planted[] =>
    isText ? [{ path: at, value: TEXT }] : field.message ? plantIn(field.message, at, above) : []
  if (field.fieldKind === 'list') return one(`${path}[0]`).map((item) => ({ ...item, value: [item.value] }))
  if (field.fieldKind !== 'map') return one(path)
  return one(`${path}["key"]`).map((entry) => ({ ...entry, value: { key: entry.value } }))
}

async function refusalOf(transport: Transport, method: DescMethod, request: unknown): Promise<ConnectError> {
  const { account } = getOption(method, rule)
  const sent = account ? ownHeaders : headers
  const input = request as MessageInitShape<DescMessage>
  try {
    if (method.methodKind === 'unary') {
      await transport.unary(method as never, undefined, undefined, sent, input as never)
    } else {
      const one = (async function* () {
        yield input
      })()
      const answer = await transport.stream(method as never, undefined, undefined, sent, one as never)
      for await (const _ of answer.message) break
    }
  } catch (error) {
    return ConnectError.from(error)
  }
  throw new Error('it was not refused')
}

test('U+0000 in any text of any request is one wrong field, with its path, over Connect and gRPC in binary', async () => {
  const transports = {
    connect: createConnectTransport({ baseUrl: server.httpUrl, httpVersion: '1.1', useBinaryFormat: true }),
    grpc: createGrpcTransport({ baseUrl: `http://${server.banner.grpcAddress}` }),
  }
  const places = new Set<string>()
  for (const { descriptor, name } of server.program.rpc.methods) {
    for (const { path, value } of plantIn(descriptor.input, '', [])) {
      places.add(`${name} ${path}`)
      for (const [protocol, transport] of Object.entries(transports)) {
        const what = `${protocol} ${name} ${path}`
        const error = await refusalOf(transport, descriptor, value)
        assert.equal(Code[error.code], 'InvalidArgument', `${what}: ${error}`)
        const fields = error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)
        assert.ok(fields?.includes(path), `${what}: ${fields}`)
      }
    }
  }
  assert.ok(places.size > 50, `${places.size} places were tried`)
})
