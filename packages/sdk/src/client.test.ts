import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { MessageState } from '@mainstay/proto/notify/v1'
import { createMainstay, isReason, MainstayError } from './index.ts'

interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

type Answer = (request: Seen, response: ServerResponse) => void

const seen: Seen[] = []
let answers: Answer[] = []
let baseUrl = ''
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const record = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
  seen.push(record)
  const answer = answers.length > 1 ? answers.shift() : answers[0]
  answer?.(record, response)
})

const json =
  (status: number, value: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

const refusal = (status: number, code: string, reason: string, details: unknown[] = []): Answer =>
  json(status, {
    error: { code, reason, message: 'No.', details, requestId: 'req_1', docs: `/docs/errors/${reason}` },
  })

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen.length = 0
})

/** What a promise was rejected with. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('it was expected to fail'),
    (error: unknown) => error,
  )

const messageId = 'msg_01h455vb4pex5vsknk084sn02q'

test('a call is the REST request that the contract describes', async () => {
  answers = [json(202, { notificationId: 'ntf_1', messageIds: [messageId] })]
  const mainstay = createMainstay({ baseUrl, apiKey: 'msk_test_abc' })
  const sent = await mainstay.notify.sendNotification({
    to: { target: { case: 'email', value: 'ada@example.com' } },
    content: { case: 'email', value: { subject: 'Hi', text: 'Hello' } },
    data: { order: 7 },
  })
  assert.deepEqual(sent.messageIds, [messageId])
  assert.equal(seen[0]?.method, 'POST')
  assert.equal(seen[0]?.url, '/v1/notifications')
  assert.equal(seen[0]?.headers.authorization, 'Bearer msk_test_abc')
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), {
    to: { email: 'ada@example.com' },
    email: { subject: 'Hi', text: 'Hello' },
    data: { order: 7 },
  })
})

test('fields of a read stand in the path and the query', async () => {
  answers = [json(200, {})]
  const { notify } = createMainstay({ baseUrl, project: () => 'shop' })
  await notify.listMessages({
    pageSize: 10,
    filter: { states: [MessageState.SENT, MessageState.FAILED], to: 'a+b@c.example' },
  })
  const url = new URL(seen[0]?.url ?? '', baseUrl)
  assert.equal(url.pathname, '/v1/messages')
  assert.deepEqual(url.searchParams.getAll('filter.states'), ['MESSAGE_STATE_SENT', 'MESSAGE_STATE_FAILED'])
  assert.equal(url.searchParams.get('filter.to'), 'a+b@c.example')
  assert.equal(url.searchParams.get('pageSize'), '10')
  assert.equal(seen[0]?.headers['mainstay-project'], 'shop')
  await notify.getTemplate({ name: 'a/b c' })
  assert.equal(seen[1]?.url, '/v1/templates/a%2Fb%20c')
})

test('a body field goes as the body, and its part in the path does not', async () => {
  answers = [json(200, {})]
  const { notify } = createMainstay({ baseUrl })
  await notify.updateRecipient({ recipient: { recipientId: 'user 7', email: 'a@b.example' } })
  assert.equal(seen[0]?.url, '/v1/recipients/user%207')
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), { email: 'a@b.example' })
})

test('an empty path field is refused before anything is sent', async () => {
  const { notify } = createMainstay({ baseUrl })
  await assert.rejects(notify.getMessage({}), /messageId is empty/)
  assert.equal(seen.length, 0)
})

test('a change that met a broken server is repeated with the same idempotency key', async () => {
  answers = [
    refusal(503, 'unavailable', 'kernel.database_unavailable'),
    (_, response) => response.destroy(),
    json(202, { notificationId: 'ntf_1' }),
  ]
  const { notify } = createMainstay({ baseUrl })
  const sent = await notify.sendNotification({})
  assert.equal(sent.notificationId, 'ntf_1')
  const keys = seen.map(({ headers }) => headers['idempotency-key'])
  assert.equal(keys.length, 3)
  assert.ok(keys[0])
  assert.equal(new Set(keys).size, 1)
})

test('a call that may have had an effect is not repeated without a key', async () => {
  answers = [(_, response) => response.destroy()]
  const { access } = createMainstay({ baseUrl })
  await assert.rejects(access.createSession({ token: 'x'.repeat(20) }), (error) =>
    isReason(error, 'sdk.network'),
  )
  assert.equal(seen.length, 1)
})

test('a refusal is not repeated and says everything the server said', async () => {
  answers = [
    refusal(400, 'invalid_argument', 'rpc.request_invalid', [{ field: 'to.email', description: 'is empty' }]),
  ]
  const { notify } = createMainstay({ baseUrl })
  const error = await rejection(notify.sendNotification({}))
  assert.ok(error instanceof MainstayError)
  assert.equal(error.code, 'invalid_argument')
  assert.equal(error.reason, 'rpc.request_invalid')
  assert.equal(error.status, 400)
  assert.equal(error.requestId, 'req_1')
  assert.equal(error.docs, '/docs/errors/rpc.request_invalid')
  assert.deepEqual(error.violations, [{ field: 'to.email', description: 'is empty' }])
  assert.equal(seen.length, 1)
})

test('the wait that the server asks for is kept to the client in milliseconds', async () => {
  answers = [
    json(
      429,
      { error: { code: 'resource_exhausted', reason: 'notify.overloaded', message: 'Later.' } },
      { 'retry-after': '2' },
    ),
  ]
  const { notify } = createMainstay({ baseUrl, maxRetries: 0 })
  const error = await rejection(notify.getMessage({ messageId }))
  assert.ok(error instanceof MainstayError)
  assert.equal(error.retryAfterMs, 2000)
})

test('a page that is not from Mainstay is named as such', async () => {
  answers = [(_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>')]
  const { notify } = createMainstay({ baseUrl })
  await assert.rejects(notify.getMessage({ messageId }), (error) => isReason(error, 'sdk.bad_response'))
})

test('a server that never answers ends in sdk.timeout, an abort in sdk.aborted', async () => {
  answers = [() => undefined]
  const { notify } = createMainstay({ baseUrl, maxRetries: 0, timeoutMs: 20 })
  await assert.rejects(notify.getMessage({ messageId }), (error) => isReason(error, 'sdk.timeout'))
  const controller = new AbortController()
  const call = notify.getMessage({ messageId }, { signal: controller.signal, timeoutMs: 60_000 })
  controller.abort()
  await assert.rejects(Promise.resolve(call), (error) => isReason(error, 'sdk.aborted'))
})

test('iterating over a list reads every page, awaiting it reads one', async () => {
  const page = (next: string, ...ids: string[]) =>
    json(200, { messages: ids.map((id) => ({ messageId: id })), nextPageToken: next })
  answers = [page('two', 'a', 'b'), page('', 'c')]
  const { notify } = createMainstay({ baseUrl })
  const ids: string[] = []
  for await (const message of notify.listMessages({ pageSize: 2 })) ids.push(message.messageId)
  assert.deepEqual(ids, ['a', 'b', 'c'])
  assert.match(seen[1]?.url ?? '', /pageToken=two/)
  answers = [page('more', 'a')]
  seen.length = 0
  assert.equal((await notify.listMessages()).nextPageToken, 'more')
  assert.equal(seen.length, 1)
})

test('a broken stream goes on after the last message that was read', async () => {
  const line = (token: string) => `${JSON.stringify({ message: { messageId: token }, resumeToken: token })}\n`
  answers = [
    (_, response) => {
      // A line cut in two by the network, and a connection that breaks after it.
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(line('t1').slice(0, 9))
      response.write(line('t1').slice(9), () => response.destroy())
    },
    (_, response) => response.writeHead(200).end(line('t2')),
  ]
  const { notify } = createMainstay({ baseUrl })
  const tokens: string[] = []
  for await (const change of notify.watchMessages({})) {
    tokens.push(change.resumeToken)
    if (tokens.length === 2) break
  }
  assert.deepEqual(tokens, ['t1', 't2'])
  assert.match(seen[1]?.url ?? '', /resumeToken=t1/)
})

test('a stream that the server refuses ends with its reason', async () => {
  answers = [refusal(400, 'invalid_argument', 'notify.resume_token_invalid')]
  const { notify } = createMainstay({ baseUrl })
  await assert.rejects(notify.watchMessages({ resumeToken: 'x' }).next(), (error) =>
    isReason(error, 'notify.resume_token_invalid'),
  )
})
