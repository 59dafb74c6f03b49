import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Journal } from '../journal.ts'
import type { Mischief } from './mischief.ts'

/** A request, read whole. Its first path segment says whose place the peer stands in. */
export interface Call {
  host: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** What one call comes to. */
export interface Verdict {
  messageId: string
  mischief: Mischief
  /** The call put the message at the provider; a repetition that its key gives away does not. */
  taken: boolean
  /** How it is answered, if it is: success unless the mischief is a refusal. */
  status: number
  body: string
  /** The status that refuses a message for good. */
  refusal: number
  onAnswered?(): void
}

/** One provider. */
export interface Peer {
  handles(call: Call): boolean
  take(call: Call): Verdict
}

/**
 * A real HTTP server in the providers' places. What it does to a call is decided here and written down before it is done: `<message
 * id> <mischief> <taken>`.
 */
export async function startHttpPeer(
  peers: readonly Peer[],
  journal: Journal,
): Promise<{ origin: string; server: Server }> {
  const server = createServer(async (request, response) => {
    const call = await read(request)
    const peer = peers.find((candidate) => candidate.handles(call))
    if (peer === undefined) return response.writeHead(404).end()
    const verdict = peer.take(call)
    journal.note(verdict.messageId, verdict.mischief, verdict.taken ? 1 : 0)
    await carryOut(verdict, response)
  })
  // Whoever is silent is hung up on by nobody but the caller, and no kept connection ends under a call.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function read(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const [, host = '', ...rest] = (request.url ?? '').split('/')
  return {
    host,
    path: `/${rest.join('/')}`,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  }
}

async function carryOut(verdict: Verdict, response: ServerResponse): Promise<void> {
  const answer = (status: number, body: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    verdict.onAnswered?.()
  }
  switch (verdict.mischief) {
    case 'silent':
      return
    case 'cut':
    case 'cut_before':
      response.socket?.destroy()
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'failed_after':
      return answer(500, '{"message":"it failed after it was sent"}')
    case 'unavailable':
      return answer(503, '{"message":"not now"}', { 'retry-after': '1' })
    case 'throttled':
      return answer(429, '{"message":"too many requests"}', { 'retry-after': '1' })
    case 'refused':
      return answer(verdict.refusal, '{"message":"not this one"}')
    case 'slow':
      await delay(200 + Math.random() * 1300)
      return answer(verdict.status, verdict.body)
    case 'none':
      return answer(verdict.status, verdict.body)
  }
}
