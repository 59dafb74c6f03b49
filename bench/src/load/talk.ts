import { connect } from 'node:net'
import { answerEnd } from './http-load.ts'

/** A request that follows from the answer to the last. */
export interface Turn {
  path: string
  headers?: Record<string, string>
  /** Absent: a GET. */
  body?: unknown
}

export interface TalkResult {
  /** Requests that were answered. */
  requests: number
  seconds: number
  p50Ms: number
  p99Ms: number
}

/**
 * Talks to a server over raw sockets, one conversation a connection: what an answer says makes the next request. An answer that
 * is no success ends all of it.
 */
export async function talk(options: {
  host: string
  port: number
  connections: number
  durationMs: number
  /** A conversation's next turn; undefined at its beginning. It may only end where `isWhole`. */
  next(connection: number, answer: string | undefined): Turn
}): Promise<TalkResult> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const endAt = startedAt + options.durationMs
  await Promise.all(
    Array.from({ length: options.connections }, (_, connection) =>
      converse(options, connection, endAt, latencies),
    ),
  )
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

function converse(
  { host, port, next }: Parameters<typeof talk>[0],
  connection: number,
  endAt: number,
  latencies: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    let sentAt = 0
    let pending = ''
    const send = (answer: string | undefined): void => {
      const { path, headers = {}, body } = next(connection, answer)
      const text = body === undefined ? '' : JSON.stringify(body)
      const lines = [
        `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`,
        `host: ${host}:${port}`,
        ...(body === undefined
          ? []
          : ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`]),
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ]
      sentAt = performance.now()
      socket.write(`${lines.join('\r\n')}\r\n\r\n${text}`)
    }
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1')
      const end = answerEnd(pending)
      if (end < 0) return
      latencies.push(performance.now() - sentAt)
      const head = pending.indexOf('\r\n\r\n')
      const answer = pending.slice(head + 4, end)
      if (!pending.startsWith('2', 9)) {
        socket.destroy()
        reject(new Error(`The server answered ${pending.slice(0, 400)}`))
        return
      }
      pending = pending.slice(end)
      if (performance.now() < endAt) send(answer)
      else socket.end()
    })
    socket.on('connect', () => send(undefined))
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
}
