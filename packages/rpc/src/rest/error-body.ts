import { type AppError, CODES, type FieldViolation } from '@mainstay/kernel'
import { httpStatusOf } from '../errors.ts'

/** An error as REST callers get it. */
export interface ErrorBody {
  error: {
    /** One of the 16 gRPC codes. */
    code: string
    /** Stable, and a page under `docs`. */
    reason: string
    message: string
    /** One entry per field that is wrong. */
    details: readonly FieldViolation[]
    requestId: string
    docs: string
  }
}

export function errorBody(error: AppError, requestId: string): ErrorBody {
  return {
    error: {
      code: error.code,
      reason: error.reason,
      message: error.message,
      details: error.violations,
      requestId,
      docs: `/docs/errors/${error.reason}`,
    },
  }
}

export function httpStatus(error: AppError): number {
  return httpStatusOf[error.reason] ?? CODES[error.code].http
}

/**
 * Headers that an error brings, in pairs: when to come back (RFC 9110 §10.2.3), and how to sign in (§11.6.1). Whoever
 * refused the credential may have said that already, and better: then it stands in `already`.
 */
export function errorHeaders(error: AppError, already: readonly string[]): string[] {
  const headers: string[] = []
  if (error.retryAfterMs !== undefined) {
    headers.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))))
  }
  if (
    error.code === 'unauthenticated' &&
    !already.some((text, at) => at % 2 === 0 && text === 'www-authenticate')
  ) {
    headers.push('www-authenticate', 'Bearer')
  }
  return headers
}
