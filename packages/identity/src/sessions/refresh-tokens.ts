import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a refresh token says: which session, and the how-manieth token of it this is. */
export interface RefreshClaim {
  /** uuid. */
  projectId: string
  /** uuid. */
  sessionId: string
  generation: number
}

export interface RefreshTokens {
  issue(claim: RefreshClaim): string
  /** Undefined for whatever we did not issue. Needs no look into the database. */
  read(token: string): RefreshClaim | undefined
}

/** So that a leaked one is recognised, by people and by secret scanners. */
export const REFRESH_TOKEN_PREFIX = 'mrt_'

/**
 * Refresh tokens that nobody stores: `mrt_` and, in base64url, version (1 byte) · project (16) · session (16) ·
 * generation (4) · HMAC-SHA256 of all that (32).
 *
 * The session's row holds the generation of the newest, so a session is one row however often it is refreshed (token
 * tables that keep each one grow without end: ory/hydra#1574). The successor of a token is always the same text, which is
 * what lets a client whose answer was lost ask again. A database that leaks holds nothing that signs anybody in, and a
 * token that is made up costs one HMAC and no query.
 *
 * @param key 32 bytes, the same in every process.
 */
export function createRefreshTokens(key: Uint8Array): RefreshTokens {
  const sign = (payload: Uint8Array): Buffer => createHmac('sha256', key).update(payload).digest()
  return {
    issue({ projectId, sessionId, generation }) {
      const payload = Buffer.alloc(PAYLOAD_BYTES)
      payload[0] = VERSION
      payload.set(uuidBytes(projectId), 1)
      payload.set(uuidBytes(sessionId), 17)
      payload.writeUInt32BE(generation, 33)
      return REFRESH_TOKEN_PREFIX + Buffer.concat([payload, sign(payload)]).toString('base64url')
    },
    read(token) {
      if (token.length !== TOKEN_LENGTH || !token.startsWith(REFRESH_TOKEN_PREFIX)) return
      const text = token.slice(REFRESH_TOKEN_PREFIX.length)
      const bytes = Buffer.from(text, 'base64url')
      // Node skips what is outside the alphabet, and takes several spellings of the last character: one token has one text.
      if (bytes.length !== PAYLOAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return
      const payload = bytes.subarray(0, PAYLOAD_BYTES)
      if (payload[0] !== VERSION) return
      if (!timingSafeEqual(sign(payload), bytes.subarray(PAYLOAD_BYTES))) return
      return {
        projectId: uuidText(payload.subarray(1, 17)),
        sessionId: uuidText(payload.subarray(17, 33)),
        generation: payload.readUInt32BE(33),
      }
    },
  }
}

const VERSION = 1
const PAYLOAD_BYTES = 37
const MAC_BYTES = 32
const TOKEN_LENGTH = REFRESH_TOKEN_PREFIX.length + Math.ceil(((PAYLOAD_BYTES + MAC_BYTES) * 8) / 6)

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
