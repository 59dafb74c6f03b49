import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as the peer read it. */
export interface PeerCall {
  method: string
  /** Path and query. */
  path: string
  headers: http.IncomingHttpHeaders
  body: string
}

export interface PeerAnswer {
  status: number
  headers?: Record<string, string>
  body?: string
}

/** What the peer does with a request that it has read whole: answers, or breaks the connection as it likes. */
export type PeerAct = (
  call: PeerCall,
  socket: Socket,
) => PeerAnswer | 'silent' | Promise<PeerAnswer | 'silent'>

/** A local server in a provider's place. */
export interface ServicePeer {
  origin: string
  calls: PeerCall[]
  /** How it answers from now on. */
  act: PeerAct
  close(): Promise<void>
}

export async function startServicePeer(): Promise<ServicePeer> {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const call: PeerCall = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    }
    peer.calls.push(call)
    const answer = await peer.act(call, request.socket)
    if (answer === 'silent') return
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer: ServicePeer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    act: () => ({ status: 500, body: 'the test has not said how to answer' }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return peer
}
