import { type AppError, appError, type FieldViolation } from '@mainstay/kernel'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { requireMode } from '../test-mode.ts'

export function invalid(...violations: readonly FieldViolation[]): AppError {
  const [first] = violations
  const message = `The request is not valid. ${first?.field}: ${first?.description}`
  return appError(reasons, 'notify.request_invalid', message, { violations: [...violations] })
}

export function noSuchCategory(category: string, field?: string): AppError {
  const message = `There is no category "${category}". Make it with CreateCategory.`
  const violations = field === undefined ? [] : [{ field, description: 'is not a category of this project' }]
  return appError(reasons, 'notify.category_not_found', message, { violations })
}

export function changedMeanwhile(): AppError {
  const message = 'It was changed since you read it. Read it again and repeat your change.'
  return appError(reasons, 'notify.etag_mismatch', message)
}

/** The mode that a request means; a test key does not reach live messages. */
export function readMode({ caller }: Pick<CallContext, 'caller'>, live: boolean | undefined): boolean {
  const wanted = live ?? !caller.testMode
  requireMode(
    caller,
    wanted,
    'A test key has no part in what people want of live messages. Leave out `live`, or use a live key.',
  )
  return wanted
}

/** Which fields a mask names; none or `*`: all of them. Throws `notify.request_invalid`. */
export function readMask(
  paths: readonly string[] | undefined,
  changeable: readonly string[],
): (path: string) => boolean {
  const unknown = paths?.find((path) => path !== '*' && !changeable.includes(path))
  if (unknown !== undefined) {
    throw invalid({ field: 'updateMask', description: `\`${unknown}\` is no field that can be changed` })
  }
  return (path) => paths === undefined || paths.length === 0 || paths.includes('*') || paths.includes(path)
}

/** Throws `notify.request_invalid` for what PostgreSQL's text cannot hold. */
export function requireStorable(field: string, text: string): void {
  if (text.includes('\0')) throw invalid({ field, description: 'must not hold the character U+0000' })
}
