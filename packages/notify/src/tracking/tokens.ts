import { createHmac, timingSafeEqual } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { hasControlCharacters } from '../providers/mailboxes.ts'

/** What a link or pixel of a mail stands for. */
export interface TrackingToken {
  kind: 'open' | 'click'
  /** uuids */
  projectId: string
  messageId: string
  /** Where a click leads; empty of an open. */
  url: string
}

export interface TrackingTokens {
  /** The same for the same token, so that a mail sent again is the same mail. */
  write(token: TrackingToken): string
  /** Undefined for what this installation did not write. Only `http:` and `https:` come out. */
  read(text: string): TrackingToken | undefined
}

/** Longer ones are left as they are, so that no mail program cuts them. */
export const MAX_URL_BYTES = 2000

/** Longer than any token that is written. */
const MAX_TOKEN_LENGTH = 3000

const KINDS = { open: 1, click: 2, packedClick: 3 } as const
const HEAD_BYTES = 33

/** 128 bits: a forger gets one guess a request, online. */
const MAC_BYTES = 16

/**
 * Tokens for links in mails: base64url of one byte of kind, the project's and the message's uuids, the target in UTF-8 (deflated
 * where that is shorter), and HMAC-SHA256 over all of it, cut to 128 bits. The target is inside the signature, so that the
 * redirect is open to nobody; the project is, so that no project's token speaks of another's message.
 */
export function createTrackingTokens(key: Uint8Array): TrackingTokens {
  const sign = (bytes: Buffer): Buffer =>
    createHmac('sha256', key).update(bytes).digest().subarray(0, MAC_BYTES)

  return {
    write({ kind, projectId, messageId, url }) {
      const plain = Buffer.from(url, 'utf8')
      const packed = kind === 'click' ? deflateRawSync(plain) : plain
      const isPacked = packed.length < plain.length
      const body = Buffer.concat([
        Buffer.from([kind === 'open' ? KINDS.open : isPacked ? KINDS.packedClick : KINDS.click]),
        uuidBytes(projectId),
        uuidBytes(messageId),
        isPacked ? packed : plain,
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
      return readBody(body)
    },
  }
}

/** Of a body whose signature is right. */
function readBody(body: Buffer): TrackingToken | undefined {
  const kind = body[0]
  const ids = { projectId: uuidText(body.subarray(1, 17)), messageId: uuidText(body.subarray(17, 33)) }
  const rest = body.subarray(HEAD_BYTES)
  if (kind === KINDS.open) return rest.length === 0 ? { kind: 'open', ...ids, url: '' } : undefined
  const target = kind === KINDS.packedClick ? inflateRawSync(rest, { maxOutputLength: MAX_URL_BYTES }) : rest
  const url = target.toString('utf8')
  return isWebUrl(url) ? { kind: 'click', ...ids, url } : undefined
}

/** Whether a target may be redirected to: absolute, `http:` or `https:`, with nothing that could end a header. */
export function isWebUrl(url: string): boolean {
  if (!/^https?:\/\//i.test(url) || /[\s\\]/.test(url) || hasControlCharacters(url)) return false
  return URL.canParse(url)
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
