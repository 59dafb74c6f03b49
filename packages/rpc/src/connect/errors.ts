import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { AppError, appError, CODES, reasons as kernelReasons } from '@mainstay/kernel'
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '@mainstay/proto/google/rpc'
import { messageEncoder } from '../codec/encode.ts'
import { refuse } from '../errors.ts'

/** One message of google/rpc/error_details.proto, which clients of every language know how to read. */
export interface ErrorDetail {
  desc: DescMessage
  value: MessageInitShape<DescMessage>
}

/**
 * What an error says beside its code and message: the reason (ErrorInfo, AIP-193), each wrong field (BadRequest), when to try
 * again (RetryInfo) and which request it was (RequestInfo).
 */
export function errorDetails(error: AppError, requestId: string): ErrorDetail[] {
  const details: ErrorDetail[] = [
    {
      desc: ErrorInfoSchema,
      value: { reason: error.reason, domain: 'mainstay', metadata: { ...error.metadata } },
    },
  ]
  if (error.violations.length > 0) {
    const fieldViolations = error.violations.map(({ field, description, reason = '' }) => ({
      field,
      description,
      reason,
    }))
    details.push({ desc: BadRequestSchema, value: { fieldViolations } })
  }
  if (error.retryAfterMs !== undefined) {
    const seconds = BigInt(Math.floor(error.retryAfterMs / 1000))
    const retryDelay = { seconds, nanos: Math.round((error.retryAfterMs % 1000) * 1e6) }
    details.push({ desc: RetryInfoSchema, value: { retryDelay } })
  }
  details.push({ desc: RequestInfoSchema, value: { requestId } })
  return details
}

/** The error as @connectrpc/connect sends it over gRPC, gRPC-Web and Connect streams. */
export function toConnectError(error: AppError, requestId: string): ConnectError {
  return new ConnectError(
    error.message,
    CODES[error.code].grpc as Code,
    undefined,
    errorDetails(error, requestId),
    error,
  )
}

/** The error as the JSON that Connect's unary protocol wants (connectrpc.com/docs/protocol#error-end-stream). */
export function connectErrorJson(error: AppError, requestId: string): string {
  const details = errorDetails(error, requestId).map(({ desc, value }) => ({
    type: desc.typeName,
    value: Buffer.from(toBinary(desc, create(desc, value)))
      .toString('base64')
      .replace(/=+$/, ''),
    debug: JSON.parse(messageEncoder(desc)(value)) as unknown,
  }))
  // Connect writes it with one "l", gRPC and REST with two.
  const code = error.code === 'cancelled' ? 'canceled' : error.code
  return JSON.stringify({ code, message: error.message, details })
}

/** What went wrong in @connectrpc/connect before the request was a message, in our words. */
export function fromTransportError(thrown: unknown, maxBytes: number): unknown {
  if (!(thrown instanceof ConnectError)) return thrown
  if (thrown.cause instanceof AppError) return thrown.cause
  switch (thrown.code) {
    case Code.ResourceExhausted:
      return refuse('rpc.body_too_large', `The message is larger than ${maxBytes} bytes.`, { cause: thrown })
    case Code.Canceled:
    case Code.Aborted:
      return appError(
        kernelReasons,
        'kernel.cancelled',
        'The caller went away before the request was complete.',
        {
          cause: thrown,
        },
      )
    case Code.Unimplemented:
      return thrown.rawMessage.includes('compression')
        ? refuse(
            'rpc.encoding_unsupported',
            'The message is packed in a way that is not supported: use gzip or br.',
            { cause: thrown },
          )
        : refuse('rpc.request_malformed', 'The call holds one request message, not more and not less.', {
            cause: thrown,
          })
    default:
      return refuse('rpc.body_malformed', 'The message is not what its content type says.', { cause: thrown })
  }
}
