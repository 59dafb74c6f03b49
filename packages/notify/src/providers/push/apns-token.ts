export interface ApnsKey {
  teamId: string
  keyId: string
  /** PEM */
  privateKey: string
}

/**
 * Apple refuses a token that is over an hour old, and one that is new within 20 minutes of the last
 * (`TooManyProviderTokenUpdates`). A token is of the half hour that it was made in, so that every process that signs for the
 * key agrees on its age without asking the others.
 *
 * https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
 */
const PERIOD_SECONDS = 30 * 60

/** By the account's configuration, which lives as long as its client does. */
const held = new WeakMap<ApnsKey, { issued: number; token: Promise<string> }>()

/** The account's provider token of this half hour; signed once. Throws when the key is no key. */
export function providerToken(key: ApnsKey, nowMs: number): Promise<string> {
  const issued = Math.floor(nowMs / 1000 / PERIOD_SECONDS) * PERIOD_SECONDS
  const known = held.get(key)
  if (known?.issued === issued) return known.token
  const token = sign(key, issued)
  held.set(key, { issued, token })
  return token
}

async function sign({ teamId, keyId, privateKey }: ApnsKey, issued: number): Promise<string> {
  const { importPKCS8, SignJWT } = await import('jose')
  const key = await importPKCS8(privateKey.trim(), 'ES256')
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(issued)
    .sign(key)
}
