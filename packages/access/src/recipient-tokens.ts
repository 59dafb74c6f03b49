import { createHmac, timingSafeEqual } from 'node:crypto'
import { appError, type Clock, type Sealer } from '@mainstay/kernel'
import type { Caller } from '@mainstay/rpc'
import { reasons } from './errors.ts'

/** Whose token it is, and what for. */
export interface RecipientGrant {
  /** uuid */
  projectId: string
  live: boolean
  recipientId: string
  expireTime: Date
}

/**
 * Tokens that let a recipient call about themselves, from their own browser or app. They are signed and not stored: nothing is
 * looked up to believe one, and nothing can take one back, so that they are short-lived.
 */
export interface RecipientTokens {
  mint(grant: RecipientGrant): string
  /** Who sends it. Throws `access.recipient_token_invalid` for what we did not sign, `access.recipient_token_expired` after its end. */
  read(token: string): Caller
}

/** What every such token begins with. */
export const RECIPIENT_TOKEN_PREFIX = 'inb_'

/** Longer ones cannot be ours: a recipient's id has at most 128 characters, of 4 bytes at the most. */
const MAX_LENGTH = 800
const VERSION = 1
/** Version, mode, the project's uuid and the end in seconds since 1970; the recipient's id follows. */
const HEADER_BYTES = 1 + 1 + 16 + 6
const MAC_BYTES = 32
const NONE: ReadonlySet<string> = new Set()

/**
 * A token is `inb_` and the base64url of a header, the recipient's id, and HMAC-SHA256 (RFC 2104) over both. All that it says
 * is signed, and it says all that is believed: project, mode, recipient, end.
 * The key comes from the installation's master key: whoever has that makes and reads the same tokens, and a new one ends all of
 * them.
 */
export function createRecipientTokens(sealer: Pick<Sealer, 'deriveKey'>, clock: Clock): RecipientTokens {
  const secret = sealer.deriveKey('recipient tokens')
  const sign = (body: Uint8Array): Buffer => createHmac('sha256', secret).update(body).digest()

  return {
    mint({ projectId, live, recipientId, expireTime }) {
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt8(VERSION, 0)
      header.writeUInt8(live ? 1 : 0, 1)
      header.write(projectId.replaceAll('-', ''), 2, 'hex')
      header.writeUIntBE(Math.floor(expireTime.getTime() / 1000), 18, 6)
      const body = Buffer.concat([header, Buffer.from(recipientId, 'utf8')])
      return RECIPIENT_TOKEN_PREFIX + Buffer.concat([body, sign(body)]).toString('base64url')
    },
    read(token) {
      const bytes = token.length > MAX_LENGTH ? undefined : decode(token)
      if (bytes === undefined) throw invalid()
      const body = bytes.subarray(0, -MAC_BYTES)
      if (!timingSafeEqual(sign(body), bytes.subarray(-MAC_BYTES)) || body.readUInt8(0) !== VERSION)
        throw invalid()
      if (body.readUIntBE(18, 6) * 1000 <= clock.nowMs()) {
        throw appError(
          reasons,
          'access.recipient_token_expired',
          'This token has ended. Get a new one and go on.',
        )
      }
      const recipientId = body.toString('utf8', HEADER_BYTES)
      return {
        kind: 'recipient',
        id: recipientId,
        projectId: uuidOf(body.toString('hex', 2, 18)),
        scopes: NONE,
        permissions: NONE,
        display: 'a recipient',
        testMode: body.readUInt8(1) === 0,
      }
    },
  }
}

/** The bytes of a token; undefined for what cannot be one. Exactly one text stands for each token. */
function decode(token: string): Buffer | undefined {
  if (!token.startsWith(RECIPIENT_TOKEN_PREFIX)) return
  const text = token.slice(RECIPIENT_TOKEN_PREFIX.length)
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length > HEADER_BYTES + MAC_BYTES && bytes.toString('base64url') === text ? bytes : undefined
}

function invalid() {
  return appError(
    reasons,
    'access.recipient_token_invalid',
    'This is not a valid token. Send one that CreateInboxToken has just made, whole: `Authorization: Bearer inb_…`.',
  )
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * The recipient that a call is about. For one who calls with a token of their own that is themself, and asking for another
 * throws `access.recipient_mismatch`; for everybody else it is who they name, empty where they name nobody.
 *
 * Every method with `recipient` in its access rule must take the recipient from here and nowhere else.
 */
export function requireOwnRecipient(caller: Caller, recipientId: string): string {
  if (caller.kind !== 'recipient') return recipientId
  if (recipientId === '' || recipientId === caller.id) return caller.id
  throw appError(
    reasons,
    'access.recipient_mismatch',
    'This token is another recipient’s. Leave recipientId out, or get a token for this one.',
  )
}
