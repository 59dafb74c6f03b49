import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect as http2Connect } from 'node:http2'
import { connect } from 'node:net'

/** An answer as it came over the wire, read to its end. */
export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export interface RawRequest {
  verb?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** Sends the body without announcing its length. */
  chunked?: boolean
}

/** One request on a connection of its own, with a path and a body that no client would send. */
export function send(
  url: string,
  path: string,
  { verb = 'POST', headers = {}, body, chunked = false }: RawRequest = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const { hostname, port } = new URL(url)
    const request = httpRequest(
      { hostname, port, path, method: verb, headers: { ...length, ...headers }, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    if (body !== undefined) request.write(body)
    request.end()
  })
}

/** Writes bytes to a socket, leaves it open, and reads until the server closes it. */
export function exchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

export interface RawGrpcCall {
  headers?: Record<string, string>
  /** One frame of gRPC's body; undefined: none. */
  frame?: Buffer
  /** Leaves the request open, as a client does that has more to send. */
  open?: boolean
}

/** How a gRPC call ended. */
export interface RawGrpcEnd {
  httpStatus: number
  /** `grpc-status`; undefined when the answer was not gRPC's. */
  status: number | undefined
  /** `grpc-status-details-bin`, in which a reason can be read as text. */
  details: string
}

/** One gRPC call on a connection of its own. */
export function callGrpc(
  grpcUrl: string,
  path: string,
  { headers = {}, frame, open = false }: RawGrpcCall = {},
): Promise<RawGrpcEnd> {
  return new Promise((resolve, reject) => {
    const session = http2Connect(grpcUrl)
    const end: RawGrpcEnd = { httpStatus: 0, status: undefined, details: '' }
    const read = (from: Record<string, unknown>): void => {
      if (from[':status'] !== undefined) end.httpStatus = Number(from[':status'])
      if (from['grpc-status'] !== undefined) end.status = Number(from['grpc-status'])
      end.details += Buffer.from(String(from['grpc-status-details-bin'] ?? ''), 'base64').toString('latin1')
    }
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      ...headers,
    })
    request.on('response', read)
    request.on('trailers', read)
    request.on('error', reject)
    request.on('close', () => {
      session.close()
      resolve(end)
    })
    request.on('end', () => request.close())
    session.on('error', reject)
    request.resume()
    if (frame !== undefined) request.write(frame)
    if (!open) request.end()
  })
}

/** A message as gRPC frames it (grpc.io PROTOCOL-HTTP2, "Length-Prefixed-Message"). */
export function grpcFrame(message: Uint8Array, { packed = false } = {}): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(packed ? 1 : 0, 0)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
