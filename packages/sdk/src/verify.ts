import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'

/** Who sent a request: what an access token says of its account. */
export interface VerifiedAccount {
  /** `acc_…`. */
  accountId: string
  /** `customer`, `driver`, … */
  kind: string
  /** `asn_…`. */
  sessionId: string
  /** `cli_…`. */
  clientId: string
  /** How they signed in (RFC 8176). */
  methods: readonly string[]
  /** When they last proved who they are, in milliseconds since 1970. */
  authTimeMs: number
  expireTimeMs: number
}

export interface VerifyOptions {
  /** The tokens' `iss`: `https://mainstay.example.com/oauth/prj_…`, with `/test` behind it for test tokens. */
  issuer: string
  /** The `audience` of your app's client; a token for another app is refused. */
  audience: string | readonly string[]
  /** Only these kinds of people. Default: any. */
  kinds?: readonly string[]
  /** How far clocks may be apart, 0 to 60 seconds. Default 5. */
  clockToleranceSeconds?: number
  /** Where the keys are. Default: `jwks.json` under the issuer. */
  jwksUrl?: string
}

/** A token that is not good. `code` says why, for logs; a caller is told no more than 401. */
export class TokenError extends Error {
  readonly code: 'missing' | 'expired' | 'invalid'

  constructor(code: 'missing' | 'expired' | 'invalid', options?: ErrorOptions) {
    super(code === 'missing' ? 'There is no access token' : `The access token is ${code}`, options)
    this.name = 'TokenError'
    this.code = code
  }
}

export type Verify = (authorization: string | undefined) => Promise<VerifiedAccount>

/**
 * Makes a check of `Authorization: Bearer …` headers that asks nobody: signature, issuer, audience, type and time are looked at here
 * (RFC 9068 §4), with the issuer's published keys, which are read when a token names one that is not known, and kept.
 *
 * A session that ends is refused when its token does: within ten minutes by default. What must be sooner asks the server (`GetMe`).
 *
 * Rejects with TokenError when the token is not good, and with the failure itself when the keys cannot be read.
 */
export function createVerify(options: VerifyOptions): Verify {
  const { issuer, audience, kinds, clockToleranceSeconds = 5 } = options
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 60)) {
    throw new RangeError('clockToleranceSeconds must be 0 to 60')
  }
  const keys = createRemoteJWKSet(new URL(options.jwksUrl ?? `${issuer}/jwks.json`))
  return async (authorization) => {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) throw new TokenError('missing')
    if (token.length > MAX_TOKEN_LENGTH) throw new TokenError('invalid')
    const payload = await readPayload(async () => {
      const verified = await jwtVerify(token, keys, {
        // The algorithm and the type are ours to say, and not the token's (RFC 8725 §3.1, §3.11).
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer,
        audience: typeof audience === 'string' ? audience : [...audience],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'exp', 'iat', 'kind', 'sid', 'client_id'],
      })
      return verified.payload
    })
    const account = toAccount(payload)
    if (account === undefined || (kinds !== undefined && !kinds.includes(account.kind)))
      throw new TokenError('invalid')
    return account
  }
}

/** A request of Fastify or Express, as far as it is needed here. */
export interface RequestWithAccount {
  headers: { authorization?: string | undefined }
  account?: VerifiedAccount
}

/** For Fastify: `app.addHook('preHandler', fastifyAuth(verify))`. `request.account` is set, or the answer is 401. */
export function fastifyAuth(verify: Verify) {
  return async (
    request: RequestWithAccount,
    reply: {
      code(status: number): { header(name: string, value: string): { send(body: unknown): unknown } }
    },
  ): Promise<unknown> => {
    try {
      request.account = await verify(request.headers.authorization)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      return reply.code(401).header('www-authenticate', challengeOf(error)).send(UNAUTHENTICATED)
    }
    return undefined
  }
}

/** For Express: `app.use(expressAuth(verify))`. `request.account` is set, or the answer is 401. */
export function expressAuth(verify: Verify) {
  return async (
    request: RequestWithAccount,
    response: {
      status(status: number): { set(name: string, value: string): { json(body: unknown): unknown } }
    },
    next: (error?: unknown) => void,
  ): Promise<void> => {
    try {
      request.account = await verify(request.headers.authorization)
    } catch (error) {
      if (error instanceof TokenError) {
        response.status(401).set('www-authenticate', challengeOf(error)).json(UNAUTHENTICATED)
      } else next(error)
      return
    }
    next()
  }
}

const MAX_TOKEN_LENGTH = 4096
const UNAUTHENTICATED = { error: { code: 'unauthenticated', message: 'Sign in, and send an access token.' } }

/** RFC 6750 §3. */
function challengeOf({ code }: TokenError): string {
  return code === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"'
}

async function readPayload(verify: () => Promise<JWTPayload>): Promise<JWTPayload> {
  try {
    return await verify()
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw new TokenError('expired', { cause })
    const cannotBeRead = cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError)
    // Whoever cannot read the keys knows nothing of the token: that is no 401.
    if (cannotBeRead || cause.code === 'ERR_JOSE_GENERIC') throw cause
    throw new TokenError('invalid', { cause })
  }
}

function toAccount({
  sub,
  kind,
  sid,
  client_id,
  amr,
  auth_time,
  exp,
}: JWTPayload): VerifiedAccount | undefined {
  if (typeof sub !== 'string' || typeof kind !== 'string' || typeof sid !== 'string') return
  if (typeof client_id !== 'string' || typeof exp !== 'number') return
  return {
    ...{ accountId: sub, kind, sessionId: sid, clientId: client_id },
    methods: Array.isArray(amr) ? amr.map(String) : [],
    authTimeMs: typeof auth_time === 'number' ? auth_time * 1000 : 0,
    expireTimeMs: exp * 1000,
  }
}
