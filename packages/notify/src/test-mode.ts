import { appError } from '@mainstay/kernel'
import { reasons } from './errors.ts'

/**
 * Keeps test keys from what is live: they are handed around freely, in examples and continuous integration, and may read what live
 * messages are and go by, and change none of it. `hint` says what the caller may do instead.
 *
 * Throws `notify.mode_not_allowed`.
 */
export function requireMode({ testMode }: { testMode: boolean }, live: boolean, hint: string): void {
  if (live && testMode) throw appError(reasons, 'notify.mode_not_allowed', hint)
}
