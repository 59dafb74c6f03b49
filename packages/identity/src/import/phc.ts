import { isKnownHash } from '../passwords/hash.ts'
import type { ImportedPassword } from './user.ts'

/**
 * A hash brought along, in the PHC string format that signing in by a password verifies. Undefined for what it cannot verify: Firebase's
 * own scrypt, and hashes whose parameters would cost too much.
 */
export function phcOf({ scheme, hash, parameters }: Omit<ImportedPassword, 'secret'>): string | undefined {
  const written = scheme === 'pbkdf2' ? pbkdf2Of(hash, parameters) : hash
  return scheme !== 'firebase-scrypt' && isKnownHash(written) ? written : undefined
}

function pbkdf2Of(hash: string, { salt, iterations, digest }: ImportedPassword['parameters']): string {
  return `$pbkdf2-${digest}$i=${iterations}$${plain(String(salt))}$${plain(hash)}`
}

/** Base64 without the padding, as PHC strings have it. */
function plain(text: string): string {
  return Buffer.from(text, 'base64').toString('base64').replace(/=+$/, '')
}
