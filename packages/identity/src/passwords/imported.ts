import { createCipheriv, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Sealer } from '@mainstay/kernel'
import { IMPORTED_PASSWORD_PURPOSE } from '../import/service.ts'
import { normalisePassword, type Verified, verifyPassword } from './hash.ts'

/** A hash as another product made it. */
export interface ImportedHash {
  scheme: string
  hash: string
  parameters: Record<string, unknown>
  sealed: Buffer
}

/**
 * Verifies a password against a hash that has no PHC string: Firebase's. All others are kept as such strings when they are imported.
 * It is outdated by being from elsewhere: one of ours takes its place.
 */
export async function verifyImported(
  password: string,
  imported: ImportedHash,
  { sealer, accountId }: { sealer: Pick<Sealer, 'open'>; accountId: string },
): Promise<Verified> {
  if (imported.scheme !== 'firebase-scrypt') return await verifyPassword(password, undefined)
  const signerKey = sealer.open(IMPORTED_PASSWORD_PURPOSE, accountId, imported.sealed).toString()
  const right = await matchesFirebase(normalisePassword(password), imported, signerKey)
  return { right, outdated: right }
}

const runScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt)
const MOST_MEMORY_BYTES = 64 * 1024 * 1024

/**
 * Firebase's own use of scrypt (github.com/firebase/scrypt): the derived key encrypts the project's signer key by AES-256-CTR, and
 * that is the hash.
 */
async function matchesFirebase(
  password: string,
  { hash, parameters }: ImportedHash,
  signerKey: string,
): Promise<boolean> {
  const [cost, blockSize] = [2 ** Number(parameters.memCost), Number(parameters.rounds)]
  if (!(cost > 1 && blockSize > 0 && cost * blockSize * 128 <= MOST_MEMORY_BYTES)) return false
  const salt = Buffer.concat([
    Buffer.from(String(parameters.salt), 'base64'),
    Buffer.from(String(parameters.saltSeparator), 'base64'),
  ])
  const options = { N: cost, r: blockSize, p: 1, maxmem: 2 * MOST_MEMORY_BYTES }
  const key = await runScrypt(password, salt, 32, options)
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const made = Buffer.concat([cipher.update(Buffer.from(signerKey, 'base64')), cipher.final()])
  const stored = Buffer.from(hash, 'base64')
  return made.length === stored.length && timingSafeEqual(made, stored)
}
