import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { ReportRequest } from './reports.ts'
import { isSame } from './signatures.ts'

export interface BodyJwtOptions {
  issuer: string
  /** How long before the call a token may have been made. As `jose` writes it: `24 hours`. */
  maxAge: string
}

/**
 * Checks a token (RFC 7519, HS256) that signs a call by the hash of its raw body (`payload_hash`: SHA-256 in hex), as Vonage and
 * MessageBird do. Undefined: it is not of this secret, issuer, time or body. A body without a hash is not believed.
 */
export async function verifyBodyJwt(
  token: string,
  secret: string,
  { body, receivedMs }: ReportRequest,
  { issuer, maxAge }: BodyJwtOptions,
): Promise<JWTPayload | undefined> {
  if (secret === '') return undefined
  const { errors, jwtVerify } = await import('jose')
  let claims: JWTPayload
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret), {
      algorithms: ['HS256'],
      issuer,
      currentDate: new Date(receivedMs),
      maxTokenAge: maxAge,
      clockTolerance: '5 minutes',
    })
    claims = payload
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
  const { payload_hash: hash } = claims
  if (hash === undefined) return body.length === 0 ? claims : undefined
  const expected = createHash('sha256').update(body).digest('hex')
  return typeof hash === 'string' && isSame(hash.toLowerCase(), expected) ? claims : undefined
}
