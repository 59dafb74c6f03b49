import { type AppError, appError, defineReasons, type FieldViolation } from '@mainstay/kernel'

/** Why rpc refuses a request before its handler sees it. */
export const reasons = defineReasons({
  'rpc.route_not_found': 'not_found',
  'rpc.method_not_allowed': 'unimplemented',
  'rpc.media_type_unsupported': 'invalid_argument',
  'rpc.encoding_unsupported': 'unimplemented',
  'rpc.body_malformed': 'invalid_argument',
  'rpc.body_too_large': 'resource_exhausted',
  'rpc.body_too_deep': 'invalid_argument',
  'rpc.url_too_long': 'invalid_argument',
  'rpc.header_too_large': 'resource_exhausted',
  'rpc.request_malformed': 'invalid_argument',
  'rpc.request_timeout': 'deadline_exceeded',
  'rpc.deadline_exceeded': 'deadline_exceeded',
  'rpc.field_unknown': 'invalid_argument',
  'rpc.field_invalid': 'invalid_argument',
  'rpc.server_stopping': 'unavailable',
  'rpc.idempotency_key_invalid': 'invalid_argument',
})

export type Reason = keyof typeof reasons

/** The HTTP status of a reason where its gRPC code alone would say too little (RFC 9110 §15.5). */
export const httpStatusOf: Readonly<Partial<Record<string, number>>> = Object.freeze({
  'rpc.method_not_allowed': 405,
  'rpc.request_timeout': 408,
  'rpc.body_too_large': 413,
  'rpc.url_too_long': 414,
  'rpc.media_type_unsupported': 415,
  'rpc.encoding_unsupported': 415,
  'rpc.header_too_large': 431,
})

/** One of the errors above. */
export function refuse(
  reason: Reason,
  message: string,
  extra?: { violations?: readonly FieldViolation[]; metadata?: Record<string, string>; cause?: unknown },
): AppError {
  return appError(reasons, reason, message, extra)
}

/**
 * The error for a request whose fields are wrong, with every violation. Its reason is `rpc.field_unknown` when nothing
 * but unknown fields is wrong, else `rpc.field_invalid`; each violation carries its own.
 */
export function refuseFields(violations: readonly FieldViolation[]): AppError {
  const onlyUnknown = violations.every((violation) => violation.reason === 'rpc.field_unknown')
  const first = violations[0]
  const where = first === undefined || first.field === '' ? '' : `${first.field}: `
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  return refuse(
    onlyUnknown ? 'rpc.field_unknown' : 'rpc.field_invalid',
    `The request is not valid. ${where}${first?.description ?? ''}${more}`,
    { violations },
  )
}
