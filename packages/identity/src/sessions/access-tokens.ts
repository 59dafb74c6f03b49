import { type Clock, fromTypeId, toTypeId } from '@mainstay/kernel'
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { ALGORITHM, type Keys } from '../keys/keys.ts'

/** What an access token says of its bearer. All ids are uuids. */
export interface AccessClaims {
  projectId: string
  live: boolean
  accountId: string
  sessionId: string
  clientId: string
  kind: string
  audience: string
  methods: readonly string[]
  authTimeMs: number
  expireTimeMs: number
  /** `opr_…` of who acts as the account (RFC 8693 §4.1). Unset: its owner. */
  actor?: string
  /** The token only reads. */
  readOnly?: boolean
}

export interface AccessTokensDeps {
  keys: Pick<Keys, 'ring' | 'find'>
  clock: Clock
  /** Where people reach us, without a slash at the end. */
  baseUrl(): string
}

/** RFC 9068 §2.1: what keeps an ID token from passing for an access token. */
const TYPE = 'at+jwt'
/** Longer ones are not read: ours have about 900 characters. */
export const MAX_TOKEN_LENGTH = 4096

/** Signs and reads access tokens: JWTs as RFC 9068 has them, with `kind`, `sid`, `amr` and `auth_time`. */
export function createAccessTokens({ keys, clock, baseUrl }: AccessTokensDeps) {
  return {
    async sign(claims: AccessClaims): Promise<string> {
      const { signing } = await keys.ring(claims.projectId, claims.live)
      const { kind, methods, authTimeMs } = claims
      return await new SignJWT({
        ...{ kind, amr: methods, auth_time: Math.floor(authTimeMs / 1000) },
        sid: toTypeId('asn', claims.sessionId),
        client_id: toTypeId('cli', claims.clientId),
        ...(claims.actor && { act: { sub: claims.actor }, read_only: claims.readOnly !== false }),
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: signing.keyId })
        .setIssuer(issuerOf(baseUrl(), claims.projectId, claims.live))
        .setSubject(toTypeId('acc', claims.accountId))
        .setAudience(claims.audience)
        .setIssuedAt(Math.floor(clock.nowMs() / 1000))
        .setExpirationTime(Math.floor(claims.expireTimeMs / 1000))
        .sign(signing.privateKey)
    },

    /**
     * What a token says, when it is one of ours and has not expired. Undefined for anything else.
     *
     * The issuer says whose keys to look at, and only keys of that project and mode are looked at; `jwk`, `jku` and `x5u` of a
     * header are never read (RFC 8725 §3.10), the algorithm is ours and not the header's (§3.1), and the type must be right
     * (§3.11).
     */
    async verify(token: string): Promise<AccessClaims | 'expired' | undefined> {
      const named = readNames(token, baseUrl())
      if (named === undefined) return
      const key = await keys.find(named.projectId, named.live, named.keyId)
      if (key === undefined) return
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: issuerOf(baseUrl(), named.projectId, named.live),
          requiredClaims: ['exp', 'iat', 'sub', 'aud'],
          clockTolerance: 0,
          currentDate: clock.now(),
        })
        return toClaims(payload, named)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return 'expired'
        if (error instanceof errors.JOSEError) return
        throw error
      }
    },
  }
}

export type AccessTokens = ReturnType<typeof createAccessTokens>

/** The `iss` of a project's tokens; test and live never verify as each other. */
export function issuerOf(baseUrl: string, projectId: string, live: boolean): string {
  return `${baseUrl}/oauth/${toTypeId('prj', projectId)}${live ? '' : '/test'}`
}

interface Names {
  projectId: string
  live: boolean
  keyId: string
}

/** Whose token it claims to be, before anything of it is believed. */
function readNames(token: string, baseUrl: string): Names | undefined {
  const parts = token.length > MAX_TOKEN_LENGTH ? [] : token.split('.')
  if (parts.length !== 3) return
  try {
    const { kid, alg, typ, crit } = decodeProtectedHeader(token)
    if (
      alg !== ALGORITHM ||
      typ !== TYPE ||
      crit !== undefined ||
      kid === undefined ||
      !THUMBPRINT.test(kid)
    ) {
      return
    }
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString())
    const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined
    const prefix = `${baseUrl}/oauth/`
    if (typeof issuer !== 'string' || !issuer.startsWith(prefix)) return
    const [project = '', mode] = issuer.slice(prefix.length).split('/')
    const projectId = fromTypeId('prj', project)
    return projectId === undefined ? undefined : { projectId, live: mode !== 'test', keyId: kid }
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return
    throw error
  }
}

/** The base64url of a SHA-256: nothing else is ever a key id, so nothing else reaches a lookup. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

/** Who acts, where that is not the owner. What does not say that it may change things only reads. */
function actorOf({ act, read_only }: Record<string, unknown>): Pick<AccessClaims, 'actor' | 'readOnly'> {
  if (typeof act !== 'object' || act === null || !('sub' in act) || typeof act.sub !== 'string') return {}
  return { actor: act.sub, readOnly: read_only !== false }
}

function toClaims(payload: Record<string, unknown>, { projectId, live }: Names): AccessClaims | undefined {
  const { sub, sid, client_id, kind, aud, amr, auth_time, exp } = payload
  const accountId = typeof sub === 'string' ? fromTypeId('acc', sub) : undefined
  const sessionId = typeof sid === 'string' ? fromTypeId('asn', sid) : undefined
  const clientId = typeof client_id === 'string' ? fromTypeId('cli', client_id) : undefined
  if (accountId === undefined || sessionId === undefined || clientId === undefined) return
  if (typeof kind !== 'string' || typeof aud !== 'string' || typeof exp !== 'number') return
  return {
    ...{ projectId, live, accountId, sessionId, clientId, kind, audience: aud },
    methods: Array.isArray(amr) ? amr.map(String) : [],
    authTimeMs: typeof auth_time === 'number' ? auth_time * 1000 : 0,
    expireTimeMs: exp * 1000,
    ...actorOf(payload),
  }
}
