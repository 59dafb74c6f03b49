import { hash, randomBytes } from 'node:crypto'

/** A secret for its owner, and the only thing of it that the database keeps. */
export interface MintedToken {
  text: string
  hash: Buffer
}

/** The token of a sign-in link (`msl_…`) or a session (`mss_…`): 256 random bits. */
export function mintToken(prefix: 'msl' | 'mss'): MintedToken {
  const text = `${prefix}_${randomBytes(32).toString('base64url')}`
  return { text, hash: sha256(text) }
}

/** False for what cannot be such a token, which then needs no look into the database. */
export function looksLikeToken(prefix: 'msl' | 'mss', text: string): boolean {
  return text.length === 47 && text.startsWith(`${prefix}_`)
}

/**
 * What is stored of a secret and looked up by. With 256 random bits there is nothing to guess, so neither salt nor a
 * slow hash would add anything, and this takes about 1 µs. Looking rows up by the hash also takes timing out of the
 * comparison: whoever cannot invert SHA-256 cannot steer how far it gets.
 */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
