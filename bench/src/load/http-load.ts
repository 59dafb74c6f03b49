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
  /** The one status that is success. Default: any 2xx. */
  status?: number
  /** Text in the headers and the body that each request replaces by a number of its own, of the same width. */
  serial?: { mark: string; from: number }
}

export interface HttpLoadResult {
  requestsPerSecond: number
  /** All that were answered, failures included. */
  requests: number
  p50Ms: number
  p99Ms: number
  /** Answers whose status is another. A figure with any of them is worth nothing. */
  failures: number
}

/**
 * Loads a server over raw sockets. autocannon spends more on a request than the servers measured here do on answering it;
 * on two cores it would be what is measured.
 */
export async function loadHttp(load: HttpLoad): Promise<HttpLoadResult> {
  const nextRequest = requestMaker(load)
  const latencies: number[] = []
  const state = { failures: 0, done: 0 }
  const startedAt = performance.now()
  const endAt = startedAt + load.durationMs
  await Promise.all(
    Array.from({ length: load.connections }, () => drive(load, nextRequest, endAt, latencies, state)),
  )
  const seconds = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    requestsPerSecond: state.done / seconds,
    requests: state.done,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    failures: state.failures,
  }
}

/** The bytes of one request after another. Only the digits change: building a request anew would cost more than sending it. */
function requestMaker(load: HttpLoad): () => Buffer {
  const request = requestBytes(load)
  const { mark, from } = load.serial ?? { mark: '', from: 0 }
  if (mark === '') return () => request
  const places: number[] = []
  for (let at = request.indexOf(mark); at >= 0; at = request.indexOf(mark, at + mark.length)) places.push(at)
  let serial = from
  return () => {
    const copy = Buffer.allocUnsafe(request.length)
    copy.set(request)
    const digits = String(serial++).padStart(mark.length, '0')
    for (const place of places) copy.write(digits, place, 'latin1')
    return copy
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

/** As much of an answer as is read at a time. */
const READ_BYTES = 16 * 1024

function drive(
  { host, port, status }: HttpLoad,
  nextRequest: () => Buffer,
  endAt: number,
  latencies: number[],
  state: { failures: number; done: number },
): Promise<void> {
  const success = status === undefined ? '2' : String(status)
  return new Promise((resolve, reject) => {
    let sentAt = 0
    let pending = ''
    const send = (): void => {
      sentAt = performance.now()
      socket.write(nextRequest())
    }
    // Reading into a buffer of our own keeps the stream, its chunks and its events out of the way.
    const callback = (bytes: number, buffer: Uint8Array): boolean => {
      pending += (buffer as Buffer).toString('latin1', 0, bytes)
      const end = answerEnd(pending)
      if (end < 0) return true
      // The status is the second word of the first line.
      if (!pending.startsWith(success, 9)) state.failures++
      pending = pending.slice(end)
      state.done++
      const now = performance.now()
      latencies.push(now - sentAt)
      if (now < endAt) send()
      else socket.end()
      return true
    }
    const onread = { buffer: Buffer.allocUnsafe(READ_BYTES), callback }
    const socket = connect({ host, port, noDelay: true, onread })
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
}

const LENGTH = 'content-length: '

/** Where the first whole answer in the text ends; -1 while it is not whole. */
export function answerEnd(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return -1
  const named = text.indexOf(LENGTH)
  const length =
    named < 0 || named > head ? lengthOfAnyForm(text.slice(0, head)) : digitsAt(text, named + LENGTH.length)
  const end = head + 4 + length
  return text.length >= end ? end : -1
}

function digitsAt(text: string, from: number): number {
  let value = 0
  for (let at = from; ; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return value
    value = value * 10 + digit
  }
}

function lengthOfAnyForm(head: string): number {
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length === undefined) throw new Error(`An answer without a length: ${head}`)
  return Number(length)
}
