import { type ClientHttp2Session, connect } from 'node:http2'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { HttpSenderOptions } from '../http-sender.ts'
import { isPublicAddress, lookupPublic, PrivateAddressError } from '../public-addresses.ts'
import { followStream, type Job } from './http2-exchange.ts'

/** However many streams the server would take. */
const MAX_STREAMS = 500

export interface Http2ConnectionOptions extends HttpSenderOptions {
  /** A connection that was quiet for so long is asked by PING whether it is still there before it gets a request. */
  pingAfterIdleMs: number
}

export interface Http2ConnectionEvents {
  /** It may take more now, or takes no more at all. */
  onChange(): void
  /** It never came up, so that nothing was sent. */
  onFailure(error: unknown): void
}

/**
 * One HTTP/2 connection. It takes requests once the server's settings have arrived, as many at a time as these allow, which
 * may change (APNs allows one until it has seen a valid token). After GOAWAY, a failed PING or a request without an answer it
 * takes no more, and closes when the last stream has ended.
 */
export class Http2Connection {
  readonly closed: Promise<void>
  readonly #socket: TLSSocket
  readonly #session: ClientHttp2Session
  readonly #options: Http2ConnectionOptions
  readonly #events: Http2ConnectionEvents
  #state: 'opening' | 'ready' | 'checking' | 'retired' = 'opening'
  #streams = 0
  #usedMs = 0
  #isFresh = false
  #lastStreamId = Number.POSITIVE_INFINITY
  #error: unknown

  constructor(origin: string, options: Http2ConnectionOptions, events: Http2ConnectionEvents) {
    this.#options = options
    this.#events = events
    this.#socket = openSocket(new URL(origin), options)
    this.#session = connect(origin, {
      settings: { enablePush: false },
      createConnection: () => this.#socket,
    })
    this.closed = new Promise((resolve) => this.#session.once('close', resolve))
    this.#listen()
  }

  get isRetired(): boolean {
    return this.#state === 'retired'
  }

  get isIdle(): boolean {
    return this.#streams === 0
  }

  /** Whether a request would go out now. One that was quiet for long is asked first, and says `onChange`. */
  canTake(): boolean {
    if (this.#state !== 'ready') return false
    if (
      !this.#isFresh &&
      this.#streams === 0 &&
      performance.now() - this.#usedMs > this.#options.pingAfterIdleMs
    ) {
      this.#check()
      return false
    }
    return this.#streams < Math.min(this.#session.remoteSettings.maxConcurrentStreams ?? 100, MAX_STREAMS)
  }

  take(job: Job): void {
    this.#streams++
    followStream(this.#session, job, this.#options.sendTimeoutMs, {
      isRefused: (id) => id === undefined || id > this.#lastStreamId,
      onTimeout: () => this.retire(),
      onEnd: () => {
        this.#streams--
        this.#usedMs = performance.now()
        this.#hangUp()
        this.#events.onChange()
      },
    })
  }

  /** Takes no more, and closes when the last stream has ended. */
  retire(): void {
    if (this.#state === 'retired') return
    this.#state = 'retired'
    this.#session.close()
    this.#hangUp()
    this.#events.onChange()
  }

  /** node:http2 alone would wait for the server to hang up too. */
  #hangUp(): void {
    if (!this.isRetired || !this.isIdle) return
    this.#session.destroy()
    this.#socket.destroySoon()
  }

  #listen(): void {
    const session = this.#session
    const timer = setTimeout(() => {
      session.destroy(new Error(`No connection within ${this.#options.connectTimeoutMs} ms`))
    }, this.#options.connectTimeoutMs)
    session.on('remoteSettings', () => {
      clearTimeout(timer)
      if (this.#state === 'opening') this.#becomeReady()
      else this.#events.onChange()
    })
    session.on('goaway', (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId
      if (this.#state !== 'opening') this.retire()
    })
    session.on('error', (error) => {
      this.#error ??= error
    })
    session.on('close', () => {
      clearTimeout(timer)
      const wasOpening = this.#state === 'opening'
      this.#state = 'retired'
      if (wasOpening) this.#events.onFailure(this.#error ?? new Error('The connection was closed'))
      else this.#events.onChange()
    })
  }

  #becomeReady(): void {
    this.#state = 'ready'
    this.#usedMs = performance.now()
    this.#isFresh = true
    this.#events.onChange()
    this.#isFresh = false
  }

  #check(): void {
    this.#state = 'checking'
    const timer = setTimeout(() => this.#session.destroy(), this.#options.connectTimeoutMs)
    const answered = (error: Error | null): void => {
      clearTimeout(timer)
      if (this.#state !== 'checking') return
      if (error === null) this.#becomeReady()
      else this.#session.destroy()
    }
    if (!this.#session.ping(answered)) this.#session.destroy()
  }
}

function openSocket({ hostname, port }: URL, { allowPrivate }: HttpSenderOptions): TLSSocket {
  const host = hostname.replace(/^\[|\]$/g, '')
  const isAddress = isIP(host) !== 0
  const socket = connectTls({
    host,
    port: port === '' ? 443 : Number(port),
    ALPNProtocols: ['h2'],
    ...(isAddress ? {} : { servername: host }),
    ...(allowPrivate ? {} : { lookup: lookupPublic }),
  })
  // An address in the URL itself is never looked up.
  if (!allowPrivate && isAddress && !isPublicAddress(host)) socket.destroy(new PrivateAddressError(host))
  return socket
}
