import { appError, type Clock } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'

const FRESH_MS = 15 * 60_000

/**
 * Refuses a session whose owner proved who they are longer than 15 minutes ago: whoever finds an open phone, or steals a token,
 * must not make the account theirs (OWASP ASVS 5.0, 6.3.3 and 7.5.1). Throws `identity.sign_in_too_old`.
 */
export function requireFresh(claims: Pick<AccessClaims, 'authTimeMs'>, clock: Clock): void {
  if (clock.nowMs() - claims.authTimeMs <= FRESH_MS) return
  throw appError(
    reasons,
    'identity.sign_in_too_old',
    'This needs a sign-in of the last 15 minutes. Sign in again, then repeat it.',
  )
}
