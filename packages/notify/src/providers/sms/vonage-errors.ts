import { textOf } from '../http-outcome.ts'

/** `https://developer.vonage.com/api-errors/messages#1120`, or the title `1120`. */
export function readVonageCode({ type, title }: Readonly<Record<string, unknown>>): string | undefined {
  return /(?:#|^)(\d{4})$/.exec(textOf(type) ?? '')?.[1] ?? /^\d{4}$/.exec(textOf(title) ?? '')?.[0]
}
