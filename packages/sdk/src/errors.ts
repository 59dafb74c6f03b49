import type { ServerReason } from './gen/reasons.ts'

/** The 16 gRPC codes, as Mainstay writes them. */
export type ErrorCode =
  | 'cancelled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated'

/** The reasons of failures that never reached a server, or were answered by something else. */
export type ClientReason = 'sdk.network' | 'sdk.timeout' | 'sdk.aborted' | 'sdk.bad_response'

/** Every reason that this version knows: what an editor completes. */
export type Reason = ServerReason | ClientReason

/** A reason of this version, or one that a newer server has added. */
type AnyReason = Reason | (string & Record<never, never>)

/** One field that the server refused, by its JSON path: `to.email`, `items[3].name`. */
export interface FieldViolation {
  field: string
  description: string
}

/**
 * Every failure of a call.
 *
 * `reason` is stable and safe to branch on (`notify.message_not_found`); `message` is for people. Failures that
 * never reached the server have the reasons `sdk.network`, `sdk.timeout`, `sdk.aborted` and `sdk.bad_response`.
 */
export class MainstayError extends Error {
  readonly code: ErrorCode
  readonly reason: AnyReason
  readonly violations: FieldViolation[]
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The server's id of the request, `req_…`: name it when you ask for help. */
  readonly requestId: string | undefined
  /** Where the reason is explained. */
  readonly docs: string | undefined
  /** How long the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined

  constructor(init: {
    code: ErrorCode
    reason: AnyReason
    message: string
    status: number
    violations?: FieldViolation[]
    requestId?: string | undefined
    docs?: string | undefined
    retryAfterMs?: number | undefined
    cause?: unknown
  }) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'MainstayError'
    this.code = init.code
    this.reason = init.reason
    this.status = init.status
    this.violations = init.violations ?? []
    this.requestId = init.requestId
    this.docs = init.docs
    this.retryAfterMs = init.retryAfterMs
  }
}

/**
 * Whether `error` is a Mainstay error with this reason: `if (isReason(error, 'notify.template_not_found')) …`. Of a known
 * `MainstayError`, compare `error.reason` itself.
 */
export function isReason<R extends AnyReason>(
  error: unknown,
  reason: R,
): error is MainstayError & { readonly reason: R } {
  return error instanceof MainstayError && error.reason === reason
}

/** Reads the error body of a REST answer; anything else becomes `sdk.bad_response` with the status kept. */
export function errorFromBody(body: unknown, status: number, headers: Headers): MainstayError {
  const error = isRecord(body) && isRecord(body.error) ? body.error : undefined
  const retryAfterMs = readRetryAfter(headers.get('retry-after'))
  if (error === undefined || typeof error.reason !== 'string') {
    return new MainstayError({
      code: status >= 500 ? 'unavailable' : 'unknown',
      reason: 'sdk.bad_response',
      message: `The server answered ${status} without a Mainstay error. Is this the address of a Mainstay server?`,
      status,
      retryAfterMs,
    })
  }
  return new MainstayError({
    code: String(error.code) as ErrorCode,
    reason: error.reason,
    message: String(error.message),
    status,
    violations: Array.isArray(error.details) ? error.details.filter(isViolation) : [],
    requestId: typeof error.requestId === 'string' ? error.requestId : undefined,
    docs: typeof error.docs === 'string' ? error.docs : undefined,
    retryAfterMs,
  })
}

/** `Retry-After` is seconds or an HTTP date (RFC 9110 §10.2.3). */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

function isViolation(value: unknown): value is FieldViolation {
  return isRecord(value) && typeof value.field === 'string' && typeof value.description === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
