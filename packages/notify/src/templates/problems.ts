import { type AppError, appError, type FieldViolation } from '@mainstay/kernel'
import { LiquidError } from 'liquidjs'
import { reasons } from '../errors.ts'
import { MessageProblem } from './icu-messages.ts'

/** What is wrong with a template or its data; lines and columns from 1 on, 0 where they are not known. */
export interface Problem extends FieldViolation {
  line: number
  column: number
}

export function problem(field: string, description: string, line = 0, column = 0): Problem {
  return { field, description, line, column }
}

/**
 * What an error of the engine says about a part: a missing variable stands at its path in the data, as the caller writes it;
 * what is wrong in a layout or partial stands at its name.
 */
export function toProblem(error: unknown, field: string): Problem {
  if (!(error instanceof Error)) throw error
  const [, file, line, column] = /(?:, file:([^,\n]*))?, line:(\d+), col:(\d+)/.exec(error.message) ?? []
  const at: [number, number] = [Number(line ?? 0), Number(column ?? 0)]
  const cause = LiquidError.is(error) ? error.originalError : undefined
  if (cause instanceof MessageProblem) return problem(cause.field, cause.message, ...at)
  const missing = /^undefined variable: ([^,\n]+)/.exec(error.message)?.[1]
  if (missing !== undefined) return problem(`data.${missing}`, 'is used by the template and not given', ...at)
  const [first = ''] = error.message.split('\n')
  const description = LiquidError.is(error) ? first.replace(/(, file:[^,]*)?, line:\d+, col:\d+$/, '') : first
  return problem(file === undefined ? field : `uses.${file}`, description, ...at)
}

/** The error that a call is refused with: `notify.template_invalid` with every problem and its place. */
export function templateInvalid(message: string, problems: readonly Problem[]): AppError {
  return appError(reasons, 'notify.template_invalid', message, {
    violations: problems.map(({ field, description, line, column }) => ({
      field,
      // What the data lacks is no mistake at a place of the template.
      description:
        line === 0 || field.startsWith('data') ? description : `${description}, line:${line}, col:${column}`,
    })),
  })
}
