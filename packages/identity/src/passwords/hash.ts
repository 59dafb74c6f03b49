import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** What verifying a hash said. */
export interface Verified {
  right: boolean
  /** Whether it is to be replaced by one of ours. */
  outdated: boolean
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. About 10 ms of a core. */
const OURS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const OUR_PREFIX = `$argon2id$v=19$m=${OURS.memoryCost},t=${OURS.timeCost},p=${OURS.parallelism}$`

/** A hash of nothing that anybody has: verified against where there is no account, so that it takes as long. */
const NOBODYS = `${OUR_PREFIX}AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`

/** The same text for the same password, however it was typed: NFKC (NIST SP 800-63B §3.1.1.2). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC')
}

/** An argon2id hash in the PHC string format. On a thread of libuv's; the caller bounds how many at once. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2')
  return await hash(normalisePassword(password), OURS)
}

/**
 * Verifies a password against a hash: argon2 (id, i, d), scrypt and PBKDF2 in the PHC string format, and bcrypt. Hashes with
 * parameters that would cost too much are refused: whoever brings hashes along must not be able to stop the server with one.
 *
 * @param stored undefined where there is no account or no password; it takes as long, and is never right.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<Verified> {
  const text = normalisePassword(password)
  const hash = stored ?? NOBODYS
  const right = await matches(text, hash)
  return { right: right && stored !== undefined, outdated: right && !hash.startsWith(OUR_PREFIX) }
}

/** Whether a hash brought along can be verified here. */
export function isKnownHash(hash: string): boolean {
  return (
    readArgon2(hash) !== undefined ||
    BCRYPT.test(hash) ||
    readScrypt(hash) !== undefined ||
    readPbkdf2(hash) !== undefined
  )
}

async function matches(password: string, hash: string): Promise<boolean> {
  if (readArgon2(hash) !== undefined) {
    const { verify } = await import('@node-rs/argon2')
    return await verify(hash, password)
  }
  if (BCRYPT.test(hash)) {
    const { verify } = await import('@node-rs/bcrypt')
    return await verify(password, hash)
  }
  const asScrypt = readScrypt(hash)
  if (asScrypt !== undefined) {
    const { cost, blockSize, parallelization, salt, key } = asScrypt
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 256 * 1024 * 1024 }
    const made = await runScrypt(password, salt, key.length, options)
    return timingSafeEqual(made, key)
  }
  const asPbkdf2 = readPbkdf2(hash)
  if (asPbkdf2 === undefined) return false
  const { digest, iterations, salt, key } = asPbkdf2
  return timingSafeEqual(await runPbkdf2(password, salt, iterations, key.length, digest), key)
}

const runScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt)
const runPbkdf2 = promisify(pbkdf2)

/** 64 MiB and ten passes are four times what anybody recommends. */
const MOST_MEMORY_KIB = 65_536
const MOST_PASSES = 10

function readArgon2(hash: string): true | undefined {
  const found =
    /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=([1-8])\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}$/.exec(
      hash,
    )
  if (found === null) return
  return Number(found[1]) <= MOST_MEMORY_KIB && Number(found[2]) <= MOST_PASSES ? true : undefined
}

/** Costs up to 2^14; the usual ones are 10 to 12. */
const BCRYPT = /^\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/

function readScrypt(hash: string) {
  const found =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,128})\$([A-Za-z0-9+/]{22,172})$/.exec(
      hash,
    )
  if (found === null) return
  const [, ln = '', r = '', p = '', salt = '', key = ''] = found
  const [cost, blockSize, parallelization] = [2 ** Number(ln), Number(r), Number(p)]
  if (
    cost * blockSize * 128 > MOST_MEMORY_KIB * 1024 ||
    parallelization > 4 ||
    blockSize === 0 ||
    parallelization === 0
  )
    return
  return {
    cost,
    blockSize,
    parallelization,
    salt: Buffer.from(salt, 'base64'),
    key: Buffer.from(key, 'base64'),
  }
}

function readPbkdf2(hash: string) {
  const found =
    /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d{1,7})\$([A-Za-z0-9+/]{8,128})\$([A-Za-z0-9+/]{22,172})$/.exec(hash)
  if (found === null) return
  const [, digest = '', iterations = '', salt = '', key = ''] = found
  if (Number(iterations) < 1 || Number(iterations) > 1_500_000) return
  return {
    ...{ digest, iterations: Number(iterations) },
    ...{ salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') },
  }
}
