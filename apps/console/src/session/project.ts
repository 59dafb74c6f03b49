import { createRemembered } from '../remembered/remembered.ts'

/** The slug of the project the operator works in; empty until the first sign-in has named one. */
export const projectSlug = createRemembered(
  'project',
  '',
  (value): value is string => typeof value === 'string',
)
