import pg from 'pg'
import { type AppError, appError, reasons } from '../errors.ts'

/**
 * Turns an error of the driver into one that may leave the process: the database's text, which can quote rows,
 * stays in `cause`. Callers that act on a constraint use `isUniqueViolation` and its kin, which look inside. What is
 * no failure of the database, such as a mistake in our own code, is returned as it is.
 */
export function wrapDatabaseError(error: unknown): unknown {
  // Only the driver's own errors, not those that somebody has already explained and that have one as their cause.
  if (!(error instanceof pg.DatabaseError)) return wrapConnectionError(error)
  const state = error.code ?? ''
  const extra = { cause: error }
  switch (state) {
    case '57014': // query_canceled: statement_timeout, or somebody cancelled it
    case '25P03': // idle_in_transaction_session_timeout
    case '25P04': // transaction_timeout
      return appError(
        reasons,
        'kernel.database_timeout',
        'The database took too long and was stopped.',
        extra,
      )
    case '55P03': // lock_not_available: lock_timeout
      return appError(
        reasons,
        'kernel.database_timeout',
        'Another change held the same data for too long. Try again.',
        extra,
      )
    case '40001': // serialization_failure
    case '40P01': // deadlock_detected
      return appError(reasons, 'kernel.conflict', 'Another change got in the way. Try again.', extra)
    case '53300': // too_many_connections
      return appError(reasons, 'kernel.database_busy', 'The database has no connection free. Try again.', {
        ...extra,
        retryAfterMs: 1000,
      })
    case '53100': // disk_full
      return appError(
        reasons,
        'kernel.database_full',
        'The database has run out of disk space and cannot save anything.',
        extra,
      )
    case '25006': // read_only_sql_transaction: a standby, or a server being failed over
      return appError(
        reasons,
        'kernel.database_read_only',
        'The database accepts no changes right now. Try again.',
        { ...extra, retryAfterMs: 1000 },
      )
  }
  if (/^(08|57P0|28|3D)/.test(state)) return unavailable(error)
  return appError(
    reasons,
    'kernel.database_error',
    'Something went wrong on our side while saving or reading data.',
    extra,
  )
}

/** The driver's error inside any error, or undefined. Its text is for logs only. */
export function databaseErrorOf(error: unknown): pg.DatabaseError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof pg.DatabaseError) return at
  }
  return
}

/** The five-character SQLSTATE inside any error, or undefined when the database did not answer with one. */
export function sqlState(error: unknown): string | undefined {
  return databaseErrorOf(error)?.code
}

/** True when a unique constraint, this one when named, refused the row. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23505', constraint)
}

/** True when a foreign key, this one when named, refused the row. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23503', constraint)
}

/** True when a check constraint, this one when named, refused the row. */
export function isCheckViolation(error: unknown, constraint?: string): boolean {
  return isViolation(error, '23514', constraint)
}

function isViolation(error: unknown, state: string, constraint: string | undefined): boolean {
  const found = databaseErrorOf(error)
  return found?.code === state && (constraint === undefined || found.constraint === constraint)
}

/** True for the two failures where PostgreSQL promises that nothing happened and asks for another try. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

/** True when the connection itself is gone, so that what the server did last is not known. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|57P0)/.test(state)
  return isConnectionText(error)
}

function wrapConnectionError(error: unknown): unknown {
  if (error instanceof Error && /^timeout exceeded when trying to connect/.test(error.message)) {
    return appError(reasons, 'kernel.database_busy', 'All database connections are in use. Try again.', {
      cause: error,
      retryAfterMs: 1000,
    })
  }
  return isConnectionText(error) ? unavailable(error) : error
}

function unavailable(cause: unknown): AppError {
  return appError(reasons, 'kernel.database_unavailable', 'The database cannot be reached. Try again.', {
    cause,
    retryAfterMs: 1000,
  })
}

/** The driver has no error class for a broken connection: node's errno codes and these sentences are all there is. */
function isConnectionText(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (/^(ECONN|EPIPE|ENOENT|EHOST|ENET|ETIMEDOUT|ENOTFOUND|EAI_|EACCES)/.test(code)) return true
  return /Connection terminated|connection error and is not queryable|Client was closed|pool after calling end|server does not support SSL/.test(
    error.message,
  )
}
