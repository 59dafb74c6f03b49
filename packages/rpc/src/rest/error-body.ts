import { type AppError, CODES } from '@mainstay/kernel'
import { httpStatusOf } from '../errors.ts'

/** An error as REST callers get it. `details` is there when fields are wrong. */
export interface ErrorBody {
  error: {
    code: string
    reason: string
    message: string
    details: readonly { field: string; description: string; reason?: string }[]
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

/** Seconds for `Retry-After` (RFC 9110 §10.2.3), rounded up; undefined when waiting was not advised. */
export function retryAfterSeconds(error: AppError): string | undefined {
  return error.retryAfterMs === undefined
    ? undefined
    : String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
}
