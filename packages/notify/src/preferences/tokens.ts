import { createHmac, timingSafeEqual } from 'node:crypto'

/** Whose preferences a link is for, and what it came with. */
export interface PreferenceToken {
  /** uuid */
  projectId: string
  live: boolean
  recipientId: string
  /** The category that the link unsubscribes from; empty: from everything by email. Null: it is a link to the page alone. */
  category: string | null
  /** uuid of the email that it stands in; null: none. */
  messageId: string | null
}

export interface PreferenceTokens {
  /** The same for the same token, so that a mail sent again is the same mail. */
  write(token: PreferenceToken): string
  /** Undefined for what this installation did not write. */
  read(text: string): PreferenceToken | undefined
}

const VERSION = 1
const FLAGS = { live: 1, category: 2, message: 4 } as const
const MAC_BYTES = 16
const NO_MESSAGE = '00000000-0000-0000-0000-000000000000'

/** Longer than any token that is written: recipients' ids have 128 characters, categories 64. */
const MAX_TOKEN_LENGTH = 1200

/**
 * Tokens of links to preferences: base64url of a version, flags, the project's and the message's uuids, category and recipient in
 * UTF-8, and HMAC-SHA256 over all of it, cut to 128 bits. They do not expire: whoever finds an old mail may still unsubscribe.
 */
export function createPreferenceTokens(key: Uint8Array): PreferenceTokens {
  const sign = (bytes: Buffer): Buffer =>
    createHmac('sha256', key).update(bytes).digest().subarray(0, MAC_BYTES)

  return {
    write({ projectId, live, recipientId, category, messageId }) {
      const name = Buffer.from(category ?? '', 'utf8')
      const flags =
        (live ? FLAGS.live : 0) |
        (category === null ? 0 : FLAGS.category) |
        (messageId === null ? 0 : FLAGS.message)
      const body = Buffer.concat([
        Buffer.from([VERSION, flags]),
        uuidBytes(projectId),
        uuidBytes(messageId ?? NO_MESSAGE),
        Buffer.from([name.length]),
        name,
        Buffer.from(recipientId, 'utf8'),
      ])
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    read(text) {
      if (text.length > MAX_TOKEN_LENGTH || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined
      const bytes = Buffer.from(text, 'base64url')
      // Of several spellings of the same bytes only the one that is written counts.
      if (bytes.length < HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return undefined
      const body = bytes.subarray(0, -MAC_BYTES)
      if (!timingSafeEqual(sign(body), bytes.subarray(-MAC_BYTES))) return undefined
      return body[0] === VERSION ? readBody(body) : undefined
    },
  }
}

const HEAD_BYTES = 35

/** Of a body whose signature is right. */
function readBody(body: Buffer): PreferenceToken {
  const flags = body[1] ?? 0
  const nameEnd = HEAD_BYTES + (body[HEAD_BYTES - 1] ?? 0)
  return {
    projectId: uuidText(body.subarray(2, 18)),
    live: (flags & FLAGS.live) !== 0,
    recipientId: body.subarray(nameEnd).toString('utf8'),
    category: (flags & FLAGS.category) === 0 ? null : body.subarray(HEAD_BYTES, nameEnd).toString('utf8'),
    messageId: (flags & FLAGS.message) === 0 ? null : uuidText(body.subarray(18, 34)),
  }
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
