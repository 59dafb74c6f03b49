import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { type AppError, appError, reasons as kernelReasons } from '@mainstay/kernel'
import { refuse } from './errors.ts'

const empty = Buffer.alloc(0)

/**
 * Reads a request's body whole, and unpacks it. Refuses it as soon as it is known to be larger than `maxBytes`: before
 * the first byte when the length was announced, and while unpacking when it was packed.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { headers } = request
  const announced = headers['content-length']
  if (announced === undefined && headers['transfer-encoding'] === undefined) return Promise.resolve(empty)
  if (announced !== undefined && Number(announced) > maxBytes) return Promise.reject(bodyTooLarge(maxBytes))
  const body = readAll(request, maxBytes)
  const encoding = headers['content-encoding']
  return encoding === undefined || encoding === 'identity' ? body : unpack(body, encoding, maxBytes)
}

function readAll(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let whole: Buffer = empty
    let chunks: Buffer[] | undefined
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) reject(bodyTooLarge(maxBytes))
      else if (whole === empty) whole = chunk
      else {
        chunks ??= [whole]
        chunks.push(chunk)
      }
    })
    request.on('end', () => resolve(chunks === undefined ? whole : Buffer.concat(chunks, size)))
    // Without an 'end' before it: the caller went away, or was cut off for being slow.
    request.on('close', () => {
      if (!request.readableEnded) reject(callerGone())
    })
  })
}

const unpackers: Readonly<
  Record<string, (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

async function unpack(body: Promise<Buffer>, encoding: string, maxBytes: number): Promise<Buffer> {
  const unpacker = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined
  if (unpacker === undefined) {
    throw refuse(
      'rpc.encoding_unsupported',
      'The body is packed in a way that is not supported: use gzip, br or deflate.',
    )
  }
  try {
    return await unpacker(await body, { maxOutputLength: maxBytes })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(maxBytes)
    if (code?.startsWith('Z_') || code?.startsWith('ERR_')) {
      throw refuse('rpc.body_malformed', `The body is not ${encoding}.`, { cause })
    }
    throw cause
  }
}

export function bodyTooLarge(maxBytes: number): AppError {
  return refuse('rpc.body_too_large', `The body is larger than ${maxBytes} bytes.`)
}

function callerGone(): AppError {
  return appError(kernelReasons, 'kernel.cancelled', 'The caller went away before the request was complete.')
}

/** Whether an answer may leave the connection open although the body was not read: little is cheap to skip, much is not. */
export function skipsUnreadBody(request: IncomingMessage): boolean {
  const { headers } = request
  const announced = headers['content-length']
  if (request.complete || (announced === undefined && headers['transfer-encoding'] === undefined)) return true
  return announced !== undefined && Number(announced) <= 64 * 1024
}
