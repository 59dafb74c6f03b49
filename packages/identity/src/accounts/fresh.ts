import { type AppError, appError, type Clock } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'

/** What an operator who acts as an account never does. */
function ownersOnly(): AppError {
  return appError(
    reasons,
    'identity.impersonation_refused',
    'You act as somebody else: what an account signs in by and is linked to is its owner’s own to change.',
  )
}

const FRESH_MS = 15 * 60_000

/**
 * Refuses a session whose owner proved who they are longer than 15 minutes ago: whoever finds an open phone, or steals a token,
 * must not make the account theirs (OWASP ASVS 5.0, 6.3.3 and 7.5.1). Throws `identity.sign_in_too_old`.
 */
export function requireFresh(claims: Pick<AccessClaims, 'authTimeMs' | 'actor'>, clock: Clock): void {
  if (claims.actor !== undefined) throw ownersOnly()
  if (clock.nowMs() - claims.authTimeMs <= FRESH_MS) return
  throw appError(
    reasons,
    'identity.sign_in_too_old',
    'This needs a sign-in of the last 15 minutes. Sign in again, then repeat it.',
  )
}
