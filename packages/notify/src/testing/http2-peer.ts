import { once } from 'node:events'
import http2, { type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import { localhostCertificate, testAuthority } from './certificates.ts'
import type { PeerAct, PeerCall, ServicePeer } from './service-peer.ts'

export interface Http2Peer extends ServicePeer {
  /** Connections that were made so far. */
  connections: number
  /** Called with each stream before its request is read; true: it has dealt with it. */
  onStream: (stream: ServerHttp2Stream, session: Http2Session, path: string) => boolean
  /** The sessions that are open. */
  sessions: Set<Http2Session>
}

/** A local server in a provider's place that speaks HTTP/2 over TLS; its authority is trusted by the whole process. */
export async function startHttp2Peer(settings: http2.Settings = {}): Promise<Http2Peer> {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), testAuthority])
  const server = http2.createSecureServer({ ...localhostCertificate, settings })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    peer.connections++
    sockets.add(socket)
    socket.on('error', () => {}) // connections are broken on purpose
  })
  server.on('session', (session) => {
    peer.sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => peer.sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    if (peer.onStream(stream, stream.session as Http2Session, headers[':path'] ?? '')) return
    let body = ''
    stream.on('data', (chunk) => {
      body += chunk
    })
    stream.on('end', () => void answer(stream, headers, body))
  })
  async function answer(
    stream: ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    body: string,
  ): Promise<void> {
    const call: PeerCall = {
      method: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      headers,
      body,
    }
    peer.calls.push(call)
    const socket = [...sockets].find(({ remotePort }) => remotePort === stream.session?.socket.remotePort)
    const given = await peer.act(call, socket as Socket)
    if (given === 'silent' || stream.destroyed) return
    stream.respond({ ':status': given.status, ...given.headers })
    stream.end(given.body ?? '')
  }
  server.listen(0, 'localhost')
  await once(server, 'listening')
  const peer: Http2Peer = {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    calls: [],
    connections: 0,
    sessions: new Set(),
    onStream: () => false,
    act: () => ({ status: 500, body: 'the test has not said how to answer' }) as Awaited<ReturnType<PeerAct>>,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return peer
}
