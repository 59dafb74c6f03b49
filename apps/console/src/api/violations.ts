import { MainstayError } from '@mainstay/sdk'
import type { FieldValues, Path, UseFormReturn } from 'react-hook-form'

/**
 * Puts the server's field violations at the fields of a form. The contract names fields by JSON path
 * (`provider_account.smtp.host`, in either case); `prefix` is the part that the form leaves out.
 *
 * @returns whether every violation found its field, so that nothing needs to be said elsewhere.
 */
export function setViolations<T extends FieldValues>(
  error: unknown,
  prefix: string,
  form: UseFormReturn<T>,
): boolean {
  if (!(error instanceof MainstayError) || error.violations.length === 0) return false
  const known = new Set(Object.keys(form.getValues()))
  let all = true
  for (const violation of error.violations) {
    const path = violation.field.startsWith(`${prefix}.`)
      ? violation.field.slice(prefix.length + 1)
      : violation.field
    const name = [path, path.split('.').at(-1) ?? path].find((candidate) => known.has(candidate))
    if (name === undefined) all = false
    else form.setError(name as Path<T>, { message: sentence(violation.description) }, { shouldFocus: true })
  }
  return all
}

/** Validation rules speak in fragments ("must be a valid email"); a field's error is a sentence. */
function sentence(text: string): string {
  const trimmed = text.trim()
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}
