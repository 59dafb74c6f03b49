import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, appError, CODES, defineReasons, reasons, toAppError } from './errors.ts'

test('the codes are the sixteen of gRPC, each with its number', () => {
  const numbers = Object.values(CODES).map(({ grpc }) => grpc)
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
  assert.deepEqual(
    [CODES.not_found.http, CODES.resource_exhausted.http, CODES.unavailable.http],
    [404, 429, 503],
  )
})

test('an error carries its code, its reason and what a caller may know', () => {
  const cause = new Error('secret text of the database')
  const error = appError(reasons, 'kernel.conflict', 'Another change got in the way.', {
    cause,
    retryAfterMs: 50,
    violations: [{ field: 'items[3].name', description: 'is taken' }],
    metadata: { limit: '3' },
  })
  assert.ok(error instanceof AppError)
  assert.deepEqual(
    [error.code, error.reason, error.httpStatus, error.grpcStatus],
    ['aborted', 'kernel.conflict', 409, 10],
  )
  assert.deepEqual(
    [error.retryAfterMs, error.violations[0]?.field, error.metadata?.limit],
    [50, 'items[3].name', '3'],
  )
  assert.equal(error.cause, cause)
  assert.doesNotMatch(JSON.stringify(error) + error.message, /secret/)
})

test('anything thrown becomes an error that gives nothing away', () => {
  const known = appError(reasons, 'kernel.conflict', 'Try again.')
  assert.equal(toAppError(known), known)
  for (const thrown of [new Error('password=hunter2'), 'text', undefined, null, { message: 'x' }]) {
    const error = toAppError(thrown)
    assert.deepEqual(
      [error.code, error.reason, error.cause],
      ['internal', 'kernel.internal', thrown ?? error.cause],
    )
    assert.doesNotMatch(error.message, /hunter2/)
  }
})

test('an abort becomes a cancellation', () => {
  const { reason, code } = toAppError(AbortSignal.abort().reason)
  assert.deepEqual([reason, code], ['kernel.cancelled', 'cancelled'])
})

test('a reason that is malformed or not in its table is refused', () => {
  assert.throws(
    () => defineReasons({ Oops: 'internal' }),
    /A reason is written capability\.what_happened, got "Oops"/,
  )
  assert.throws(() => defineReasons({ 'files.TooLarge': 'internal' }), TypeError)
  assert.throws(() => appError({} as Record<string, 'internal'>, 'files.gone', 'Gone.'), /not in the table/)
})
