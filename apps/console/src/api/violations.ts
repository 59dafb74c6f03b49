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
  /** The form's name for a field where the contract has another: `{ phone: 'to' }`. */
  renamed: Readonly<Record<string, string>> = {},
): boolean {
  if (!(error instanceof MainstayError) || error.violations.length === 0) return false
  const values = form.getValues()
  let all = true
  for (const violation of error.violations) {
    const name = fieldOf(violation.field, prefix, values) ?? renamed[violation.field.split('.').at(-1) ?? '']
    if (name === undefined) all = false
    else form.setError(name as Path<T>, { message: sentence(violation.description) }, { shouldFocus: true })
  }
  return all
}

/** `secrets.apiKey` for `provider_account.service.secrets.apiKey`: the longest end of the path that the form knows. */
function fieldOf(path: string, prefix: string, values: FieldValues): string | undefined {
  const segments = (path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : path).split('.')
  for (const [index, segment] of segments.entries()) {
    if (!Object.hasOwn(values, segment)) continue
    const isLast = index === segments.length - 1
    if (isLast !== (typeof values[segment] === 'object' && values[segment] !== null)) {
      return segments.slice(index).join('.')
    }
  }
  return undefined
}

/** Validation rules speak in fragments ("must be a valid email"); a field's error is a sentence. */
function sentence(text: string): string {
  const trimmed = text.trim()
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}
