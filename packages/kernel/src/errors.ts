/**
 * The 16 gRPC status codes with their numbers, and the HTTP status each becomes on REST.
 * The HTTP column follows google.rpc.Code (google/rpc/code.proto); 499 is nginx's "client closed request".
 */
export const CODES = {
  cancelled: { grpc: 1, http: 499 },
  unknown: { grpc: 2, http: 500 },
  invalid_argument: { grpc: 3, http: 400 },
  deadline_exceeded: { grpc: 4, http: 504 },
  not_found: { grpc: 5, http: 404 },
  already_exists: { grpc: 6, http: 409 },
  permission_denied: { grpc: 7, http: 403 },
  resource_exhausted: { grpc: 8, http: 429 },
  failed_precondition: { grpc: 9, http: 400 },
  aborted: { grpc: 10, http: 409 },
  out_of_range: { grpc: 11, http: 400 },
  unimplemented: { grpc: 12, http: 501 },
  internal: { grpc: 13, http: 500 },
  unavailable: { grpc: 14, http: 503 },
  data_loss: { grpc: 15, http: 500 },
  unauthenticated: { grpc: 16, http: 401 },
} as const

export type Code = keyof typeof CODES

/** One thing wrong with one field. `field` is the JSON path a caller would write: `items[3].name`. */
export interface FieldViolation {
  field: string
  description: string
  reason?: string
}

export interface AppErrorInit {
  code: Code
  /** Stable, documented in docs/errors/<reason>.md: `notify.message_not_found`. */
  reason: string
  /** Public: says what happened and what to do. Never database or provider text; that goes into `cause`. */
  message: string
  violations?: readonly FieldViolation[]
  /** How long a caller should wait before trying again. */
  retryAfterMs?: number
  /** Small public facts a program may act on. */
  metadata?: Readonly<Record<string, string>>
  cause?: unknown
}

/** The only error that crosses a capability's door. Everything in it but `cause` and `stack` is public. */
export class AppError extends Error {
  readonly code: Code
  readonly reason: string
  readonly violations: readonly FieldViolation[]
  readonly retryAfterMs: number | undefined
  readonly metadata: Readonly<Record<string, string>> | undefined

  constructor(init: AppErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'AppError'
    this.code = init.code
    this.reason = init.reason
    this.violations = init.violations ?? []
    this.retryAfterMs = init.retryAfterMs
    this.metadata = init.metadata
  }

  get httpStatus(): number {
    return CODES[this.code].http
  }

  get grpcStatus(): number {
    return CODES[this.code].grpc
  }
}

/** A package's table of reasons and the code each one travels under. */
export function defineReasons<const T extends Record<string, Code>>(table: T): Readonly<T> {
  for (const reason of Object.keys(table)) {
    if (!/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(reason)) {
      throw new TypeError(`A reason is written capability.what_happened, got "${reason}"`)
    }
  }
  return Object.freeze(table)
}

/** Makes the error for one reason of a table; the code is looked up, so the two can never disagree. */
export function appError<T extends Record<string, Code>>(
  reasons: T,
  reason: keyof T & string,
  message: string,
  extra?: Omit<AppErrorInit, 'code' | 'reason' | 'message'>,
): AppError {
  const code: Code | undefined = reasons[reason]
  if (code === undefined) throw new TypeError(`The reason "${reason}" is not in the table it was taken from`)
  return new AppError({ ...extra, code, reason, message })
}

/** The kernel's own reasons. */
export const reasons = defineReasons({
  'kernel.internal': 'internal',
  'kernel.cancelled': 'cancelled',
  'kernel.database_unavailable': 'unavailable',
  'kernel.database_busy': 'unavailable',
  'kernel.database_timeout': 'deadline_exceeded',
  'kernel.database_error': 'internal',
  'kernel.database_read_only': 'unavailable',
  'kernel.database_full': 'resource_exhausted',
  'kernel.conflict': 'aborted',
  'kernel.commit_unknown': 'unavailable',
  'kernel.page_token_invalid': 'invalid_argument',
  'kernel.notification_too_large': 'invalid_argument',
})

/**
 * Turns whatever was thrown into an AppError. An AppError is returned as it is, an abort becomes `cancelled`,
 * and anything else becomes `kernel.internal` with the original kept as `cause` and none of its text made public.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof Error && error.name === 'AbortError') {
    return appError(reasons, 'kernel.cancelled', 'The request was cancelled before it finished.', {
      cause: error,
    })
  }
  return appError(reasons, 'kernel.internal', 'Something went wrong on our side. Trying again may help.', {
    cause: error,
  })
}
