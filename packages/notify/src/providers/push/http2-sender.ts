import { onAbort } from '../abort.ts'
import {
  describeError,
  type Exchange,
  type HttpSender,
  type HttpSenderOptions,
  isMisconfiguration,
} from '../http-sender.ts'
import { Http2Connection } from './http2-connection.ts'
import type { Job } from './http2-exchange.ts'

/**
 * Sends requests over one kept HTTP/2 connection an origin and tells exactly how each ended, like the sender of HTTP/1.1.
 * A request waits for its turn when the server takes no more streams; one that waits when no connection comes up was not sent.
 *
 * @param pingAfterIdleMs a connection that was quiet for so long is asked by PING first. Default one minute.
 */
export function createHttp2Sender(options: HttpSenderOptions, pingAfterIdleMs = 60_000): HttpSender {
  const lines = new Map<string, Http2Line>()
  let isClosed = false
  return {
    send(request, signal) {
      if (isClosed) {
        const reply = 'The provider account was changed or switched off.'
        return Promise.resolve({ case: 'not_sent', reply, misconfigured: false })
      }
      const { origin } = new URL(request.url)
      const line = lines.get(origin) ?? new Http2Line(origin, { ...options, pingAfterIdleMs })
      lines.set(origin, line)
      return new Promise((resolve) => {
        const job: Job = {
          request,
          isSettled: false,
          settle(exchange) {
            if (job.isSettled) return
            job.isSettled = true
            leave()
            resolve(exchange)
          },
          giveUp: () => job.settle(notSent(new Error('The worker gave up waiting'))),
        }
        let leave = (): void => {}
        leave = onAbort(signal, () => job.giveUp())
        if (!job.isSettled) line.add(job)
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.all([...lines.values()].map((line) => line.close()))
    },
  }
}

function notSent(error: unknown): Exchange {
  return { case: 'not_sent', reply: describeError(error), misconfigured: isMisconfiguration(error) }
}

/** The requests to one origin: those that wait, the connection that takes new ones, and those that only end old ones. */
class Http2Line {
  readonly #origin: string
  readonly #options: ConstructorParameters<typeof Http2Connection>[1]
  readonly #open = new Set<Http2Connection>()
  #current: Http2Connection | undefined
  #waiting: Job[] = []
  #isClosing = false

  constructor(origin: string, options: ConstructorParameters<typeof Http2Connection>[1]) {
    this.#origin = origin
    this.#options = options
  }

  add(job: Job): void {
    this.#waiting.push(job)
    this.#pump()
  }

  /** Lets requests end, those that wait too, and then closes the connections. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#pump()
    while (this.#open.size > 0) await Promise.all([...this.#open].map(({ closed }) => closed))
  }

  #pump(): void {
    if (this.#current?.isRetired) this.#current = undefined
    this.#waiting = this.#waiting.filter((job) => !job.isSettled)
    while (this.#waiting.length > 0) {
      this.#current ??= this.#connect()
      if (!this.#current.canTake()) return
      this.#current.take(this.#waiting.shift() as Job)
      if (this.#current?.isRetired) this.#current = undefined
    }
    if (this.#isClosing && this.#current?.isIdle) this.#current.retire()
  }

  #connect(): Http2Connection {
    const connection: Http2Connection = new Http2Connection(this.#origin, this.#options, {
      onChange: () => this.#pump(),
      onFailure: (error) => {
        if (this.#current === connection) this.#current = undefined
        for (const job of this.#waiting.splice(0)) job.settle(notSent(error))
      },
    })
    this.#open.add(connection)
    void connection.closed.then(() => this.#open.delete(connection))
    return connection
  }
}
