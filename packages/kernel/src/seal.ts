import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** Encrypts what must not be readable in the database or a backup of it, such as a provider's password. */
export interface Sealer {
  /**
   * Encrypts and authenticates with AES-256-GCM. The result opens only for the same `purpose` and `rowId`: a
   * sealed value copied to another row or column is refused, not decrypted.
   */
  seal(purpose: string, rowId: string, plaintext: string | Uint8Array): Buffer
  /** Throws SealError when the value was changed, moved, cut, or sealed with another master key. */
  open(purpose: string, rowId: string, sealed: Uint8Array): Buffer
  /** A 32-byte key of its own for one use, such as signing page tokens. The same label gives the same key. */
  deriveKey(label: string): Buffer
}

/** Says which of the two it was: `wrong_key` is a matter of configuration, `damaged` is tampering or a bug. */
export class SealError extends Error {
  readonly kind: 'wrong_key' | 'damaged'

  constructor(kind: 'wrong_key' | 'damaged') {
    super(
      kind === 'wrong_key'
        ? 'A sealed value was sealed with another master key: give this process the key of the others'
        : 'A sealed value was changed or moved since it was sealed',
    )
    this.name = 'SealError'
    this.kind = kind
  }
}

export const MASTER_KEY_BYTES = 32

/**
 * Layout: version (1 byte, 0x01) · key id (4) · nonce (12) · ciphertext · tag (16).
 *
 * Each purpose has a key of its own, derived with HKDF-SHA-256 (RFC 5869), so that nonces only have to differ
 * within one purpose: 96 random bits are good for 2^32 values (NIST SP 800-38D §8.3). The key id is derived from the
 * master key and gives nothing of it away; it tells a wrong key from a damaged value, and leaves room for rotation.
 */
export function createSealer(masterKey: Uint8Array): Sealer {
  if (masterKey.length !== MASTER_KEY_BYTES) throw new TypeError('A master key has exactly 32 bytes')
  // A key of all zeros is what a lost or never filled buffer looks like.
  if (masterKey.every((byte) => byte === 0)) throw new TypeError('The master key is all zeros')
  const root = Buffer.from(masterKey)
  const keyId = derive(root, 'id', '').subarray(0, KEY_ID_BYTES)
  const purposeKeys = new Map<string, Buffer>()

  const keyOf = (purpose: string): Buffer => {
    let key = purposeKeys.get(purpose)
    if (key === undefined) {
      key = derive(root, 'seal', purpose)
      purposeKeys.set(purpose, key)
    }
    return key
  }

  return {
    seal(purpose, rowId, plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const header = Buffer.concat([VERSION, keyId])
      const cipher = createCipheriv('aes-256-gcm', keyOf(purpose), nonce)
      cipher.setAAD(associatedData(header, purpose, rowId))
      const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return Buffer.concat([header, nonce, body, cipher.getAuthTag()])
    },
    open(purpose, rowId, sealed) {
      const bytes = Buffer.from(sealed)
      if (bytes.length < OVERHEAD_BYTES || bytes[0] !== VERSION[0]) throw new SealError('damaged')
      const header = bytes.subarray(0, HEADER_BYTES)
      if (!timingSafeEqual(header.subarray(1), keyId)) throw new SealError('wrong_key')
      const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', keyOf(purpose), nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(associatedData(header, purpose, rowId))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const body = bytes.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES)
      try {
        return Buffer.concat([decipher.update(body), decipher.final()])
      } catch {
        throw new SealError('damaged') // the cipher's own error says no more than that
      }
    },
    deriveKey: (label) => derive(root, 'derive', label),
  }
}

const VERSION = Buffer.from([1])
const KEY_ID_BYTES = 4
const HEADER_BYTES = 1 + KEY_ID_BYTES
const NONCE_BYTES = 12
const TAG_BYTES = 16
const OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES

function derive(root: Buffer, use: 'id' | 'seal' | 'derive', label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `mainstay/v1/${use}/${label}`, 32))
}

/** Hashed one by one, so that no two pairs of purpose and row can run together into the same bytes. */
function associatedData(header: Buffer, purpose: string, rowId: string): Buffer {
  const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
  return Buffer.concat([header, sha256(purpose), sha256(rowId)])
}
