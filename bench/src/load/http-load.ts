import { connect } from 'node:net'

export interface HttpLoad {
  host: string
  port: number
  verb: string
  path: string
  headers: Record<string, string>
  body: string
  /** Each connection sends its next request when the answer to the last is complete: no pipelining. */
  connections: number
  durationMs: number
}

export interface HttpLoadResult {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Answers whose status is not 2xx. A figure with any of them is worth nothing. */
  failures: number
}

/**
 * Loads a server over raw sockets. autocannon spends more on a request than the servers measured here do on answering it;
 * on two cores it would be what is measured.
 */
export async function loadHttp(load: HttpLoad): Promise<HttpLoadResult> {
  const request = requestBytes(load)
  const latencies: number[] = []
  const state = { failures: 0, done: 0 }
  const startedAt = performance.now()
  const endAt = startedAt + load.durationMs
  await Promise.all(
    Array.from({ length: load.connections }, () => drive(load, request, endAt, latencies, state)),
  )
  const seconds = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    requestsPerSecond: state.done / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    failures: state.failures,
  }
}

function requestBytes({ host, port, verb, path, headers, body }: HttpLoad): Buffer {
  const lines = [
    `${verb} ${path} HTTP/1.1`,
    `host: ${host}:${port}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function drive(
  { host, port }: HttpLoad,
  request: Buffer,
  endAt: number,
  latencies: number[],
  state: { failures: number; done: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    let sentAt = 0
    let pending = ''
    const send = (): void => {
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      const end = answerEnd(pending)
      if (end < 0) return
      // The status is the second word of the first line.
      if (pending.charCodeAt(9) !== 50 /* 2 */) state.failures++
      pending = pending.slice(end)
      state.done++
      const now = performance.now()
      latencies.push(now - sentAt)
      if (now < endAt) send()
      else socket.end()
    })
  })
}

/** Where the first whole answer in the text ends; -1 while it is not whole. */
function answerEnd(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return -1
  const length = /content-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
  if (length === undefined) throw new Error(`An answer without a length: ${text.slice(0, head)}`)
  const end = head + 4 + Number(length)
  return text.length >= end ? end : -1
}
