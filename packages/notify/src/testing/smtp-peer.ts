import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'

/** The places of the dialogue where a peer can act: it has read what the name says, and not answered yet. */
export const POINTS = ['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'data', 'body', 'dot', 'answered'] as const
export type Point = (typeof POINTS)[number]

/** What it does there: go on, break in one of three ways, say something else or later, or half of something and hang up. */
export type Act =
  | 'go'
  | 'close'
  | 'reset'
  | 'silence'
  | { reply: string; afterMs?: number }
  | { replyThenClose: string }
  | { fragment: string }

export interface SmtpPeerOptions {
  /** Decides what happens at a point; `connection` counts from 1. Default: always `go`. */
  act?: (point: Point, connection: number, mailOfConnection: number) => Act
  pipelining?: boolean
  /** Advertised extensions besides PIPELINING, STARTTLS and AUTH. */
  extensions?: readonly string[]
  /** Offers STARTTLS with this certificate, or speaks TLS from the first byte when `implicitTls`. */
  tls?: { key: string; cert: string }
  implicitTls?: boolean
  /** Answers STARTTLS in plain text with this instead of starting TLS. */
  starttlsReply?: string
  /** Not advertised though supported: what someone who strips it makes the client see. */
  hideStarttls?: boolean
  /** Called with each mail whose final dot came in, before anything is said to it. Then `mails` and `commands` stay empty. */
  onMail?: (content: string) => void
  /** Bytes of a body it reads before the point `body`. Default 1. */
  bodyBytes?: number
}

export interface SmtpPeer {
  port: number
  /** Every mail whose final dot came in, whole, in order. */
  mails: { content: string; from: string; to: string; isEncrypted: boolean; connection: number }[]
  /** Every command line, without what AUTH carries. */
  commands: string[]
  connections: number
  openConnections: number
  close(): Promise<void>
}

/** A real SMTP server on 127.0.0.1 that breaks where it is told to. */
export async function startSmtpPeer(options: SmtpPeerOptions = {}): Promise<SmtpPeer> {
  const sockets = new Set<Socket>()
  const peer: SmtpPeer = {
    port: 0,
    mails: [],
    commands: [],
    connections: 0,
    openConnections: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  const onSocket = (socket: Socket): void => {
    sockets.add(socket)
    peer.connections++
    peer.openConnections++
    socket.on('close', () => {
      sockets.delete(socket)
      peer.openConnections--
    })
    serve(socket, options, peer, peer.connections)
  }
  const server =
    options.implicitTls && options.tls
      ? tls.createServer(options.tls, onSocket).on('tlsClientError', () => {})
      : net.createServer(onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  peer.port = (server.address() as AddressInfo).port
  return peer
}

function serve(raw: Socket, options: SmtpPeerOptions, peer: SmtpPeer, connection: number): void {
  let socket: Socket | TLSSocket = raw
  raw.setNoDelay(true) // Nagle would hold back pipelined replies for 40 ms
  let isEncrypted = options.implicitTls === true
  let buffer = ''
  let body: string | undefined
  let bodyPointPassed = false
  let mailCount = 0
  let from = ''
  let to = ''
  let stopped = false

  const say = (text: string): void => {
    if (!stopped) socket.write(`${text}\r\n`)
  }
  /** True when the dialogue goes on as usual. */
  const pass = (point: Point, reply: string): boolean => {
    const act = options.act?.(point, connection, mailCount) ?? 'go'
    if (act === 'go') {
      if (reply !== '') say(reply)
      return true
    }
    if (typeof act === 'object') {
      if ('fragment' in act) socket.end(act.fragment)
      else if ('reply' in act && act.afterMs !== undefined) setTimeout(say, act.afterMs, act.reply)
      else say('reply' in act ? act.reply : act.replyThenClose)
      if ('replyThenClose' in act) socket.end()
      return false
    }
    stopped = true
    if (act === 'close') socket.destroy()
    else if (act === 'reset') raw.resetAndDestroy()
    else raw.pause()
    return false
  }

  const greetEhlo = (): void => {
    const lines = ['peer.example', ...(options.extensions ?? [])]
    if (options.pipelining) lines.push('PIPELINING')
    if (options.tls && !isEncrypted && !options.hideStarttls) lines.push('STARTTLS')
    lines.push('AUTH PLAIN LOGIN')
    pass('ehlo', lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n'))
  }

  const startTls = (): void => {
    if (options.starttlsReply !== undefined || options.tls === undefined) {
      say(options.starttlsReply ?? '502 5.5.1 Not here')
      return
    }
    say('220 Go ahead')
    raw.removeAllListeners('data')
    buffer = ''
    isEncrypted = true
    const secure = new tls.TLSSocket(raw, { isServer: true, ...options.tls })
    secure.on('error', () => raw.destroy())
    secure.on('data', onData)
    socket = secure
  }

  const onCommand = (line: string): void => {
    const verb = (line.split(/[ :]/, 1)[0] ?? '').toUpperCase()
    if (options.onMail === undefined) peer.commands.push(verb === 'AUTH' ? 'AUTH …' : line)
    switch (verb) {
      case 'EHLO':
        greetEhlo()
        break
      case 'STARTTLS':
        startTls()
        break
      case 'AUTH':
        pass('auth', '235 2.7.0 Welcome')
        break
      case 'MAIL':
        from = line
        pass('mail', '250 2.1.0 Sender')
        break
      case 'RCPT':
        if (pass('rcpt', '250 2.1.5 Recipient')) to = line
        break
      case 'DATA':
        if (to === '') say('503 5.5.1 Nobody to send it to')
        else if (pass('data', '354 Go ahead')) body = ''
        break
      case 'RSET':
        to = ''
        say('250 Reset')
        break
      case 'QUIT':
        say('221 Bye')
        socket.end()
        break
      default:
        say('500 5.5.2 What?')
    }
  }

  const onBody = (): void => {
    if (!bodyPointPassed && buffer.length >= (options.bodyBytes ?? 1)) {
      bodyPointPassed = true
      if (!pass('body', '')) return
    }
    const end = buffer.startsWith('.\r\n') ? 0 : buffer.indexOf('\r\n.\r\n')
    if (end < 0) return
    const content = buffer.slice(0, end).replace(/^\.\./gm, '.')
    buffer = buffer.slice(end === 0 ? 3 : end + 5)
    if (options.onMail === undefined) peer.mails.push({ content, from, to, isEncrypted, connection })
    else options.onMail(content)
    body = undefined
    bodyPointPassed = false
    to = ''
    mailCount++
    if (pass('dot', '250 2.0.0 Taken as 4711')) pass('answered', '')
  }

  const onData = (chunk: Buffer): void => {
    buffer += chunk.toString('latin1')
    while (!stopped) {
      if (body !== undefined) {
        onBody()
        if (body !== undefined) return
        continue
      }
      const end = buffer.indexOf('\r\n')
      if (end < 0) return
      const line = buffer.slice(0, end)
      buffer = buffer.slice(end + 2)
      onCommand(line)
    }
  }

  raw.on('error', () => {}) // breaking connections is what it is for
  raw.on('data', onData)
  pass('connect', '220 peer.example ESMTP')
}
