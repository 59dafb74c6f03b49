import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Client, Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { temporaryHome, waitFor } from '@mainstay/kernel/testing'
import { BadRequestSchema, ErrorInfoSchema } from '@mainstay/proto/google/rpc'
import { MessageState, Notify } from '@mainstay/proto/notify/v1'
import { readBanner, type ServerProcess, spawnServer } from './process.ts'

const home = temporaryHome()
let server: ServerProcess
let notify: Client<typeof Notify>
let anonymous: Client<typeof Notify>

before(async () => {
  server = spawnServer(home)
  await server.ready()
  const address = /gRPC\s+(\S+)/.exec(server.output())?.[1]
  const { apiKey } = readBanner(server.output())
  notify = createClient(Notify, transportTo(`http://${address}`, { authorization: `Bearer ${apiKey}` }))
  anonymous = createClient(Notify, transportTo(`http://${address}`, {}))
})
after(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

function transportTo(baseUrl: string, headers: Record<string, string>): Transport {
  return createGrpcTransport({
    baseUrl,
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value)
        return next(request)
      },
    ],
  })
}

const toAda = (subject: string) => ({
  to: { target: { case: 'email' as const, value: 'ada@example.com' } },
  content: { case: 'email' as const, value: { subject, text: 'Hello' } },
})

const failureOf = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => ConnectError.from(error),
  )

test('a message is sent, read, and watched until it is delivered', async () => {
  const leaving = new AbortController()
  const states: MessageState[] = []
  const changes = notify.watchMessages({}, { signal: leaving.signal })
  const watched = (async () => {
    for await (const { message } of changes) {
      if (message !== undefined) states.push(message.state)
      if (message?.state === MessageState.DELIVERED) return leaving.abort()
    }
  })().catch((error: unknown) => assert.equal(ConnectError.from(error).code, Code.Canceled))
  // The stream starts "from now on": messages go out until it has told of one's delivery.
  const { messageIds } = await waitFor(
    async () => {
      const answer = await notify.sendNotification(toAda('Over gRPC'))
      return states.length > 0 && answer
    },
    { what: 'the first change', everyMs: 100 },
  )
  await watched
  assert.ok(states.includes(MessageState.DELIVERED))
  const message = await notify.getMessage({ messageId: messageIds[0] ?? '' })
  assert.equal(message.subject, 'Over gRPC')
})

test('one idempotency key sends one message', async () => {
  const headers = { 'idempotency-key': 'grpc-1' }
  const first = await notify.sendNotification(toAda('Once'), { headers })
  assert.deepEqual(await notify.sendNotification(toAda('Once'), { headers }), first)
})

test('a refusal carries its code, its reason and each wrong field', async () => {
  const error = await failureOf(
    notify.sendNotification({ ...toAda(''), to: { target: { case: 'email', value: 'nobody' } } }),
  )
  assert.equal(error.code, Code.InvalidArgument)
  assert.match(error.findDetails(ErrorInfoSchema)[0]?.reason ?? '', /^[a-z]+\.[a-z_]+$/)
  const fields = error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)
  assert.ok(fields?.includes('to.email'), String(fields))

  const missing = await failureOf(notify.getMessage({ messageId: 'msg_00000000000000000000000000' }))
  assert.equal(missing.code, Code.NotFound)
  assert.equal(missing.findDetails(ErrorInfoSchema)[0]?.reason, 'notify.message_not_found')
})

test('without a key nothing is answered', async () => {
  const error = await failureOf(anonymous.getMessage({ messageId: 'msg_00000000000000000000000000' }))
  assert.equal(error.code, Code.Unauthenticated)
})
