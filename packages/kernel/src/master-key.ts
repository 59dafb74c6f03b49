import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MASTER_KEY_BYTES } from './seal.ts'

/**
 * The master key: from the text of `MAINSTAY_MASTER_KEY` (base64 of 32 bytes) when given, else from
 * `<home>/master.key`, which is made at first start and readable by its owner only. Whoever loses it loses every
 * sealed credential: back it up apart from the database.
 *
 * Several processes starting at once agree on one key: the file appears whole, or not at all, and the first one wins.
 * Throws Error with a sentence that an operator can act on.
 */
export async function loadMasterKey(options: { home: string; fromEnvironment?: string }): Promise<Buffer> {
  if (options.fromEnvironment) return parseMasterKey(options.fromEnvironment, 'MAINSTAY_MASTER_KEY')
  const path = join(options.home, 'master.key')
  const existing = await readKeyFile(path)
  if (existing !== undefined) return existing
  await createKeyFile(options.home, path)
  const created = await readKeyFile(path)
  if (created === undefined) throw new Error(`${path} vanished just after it was made`)
  return created
}

async function readKeyFile(path: string): Promise<Buffer | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new Error(`The master key ${path} cannot be read`, { cause: error })
  }
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    throw new Error(
      `The master key ${path} can be read by others: run chmod 600 ${path}, and consider a new key`,
    )
  }
  return parseMasterKey(text, path)
}

/** Written to a name of its own, synced, then linked: `link` fails where the key exists, `rename` would replace it. */
async function createKeyFile(home: string, path: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
    await file.sync()
    await file.close()
    await chmod(draft, 0o600)
    await link(draft, path)
    await syncFolder(home)
  } catch (error) {
    if (!isTaken(error)) throw new Error(`The master key ${path} cannot be made`, { cause: error })
  } finally {
    await file.close().catch(() => {}) // closed already, unless writing it failed; that error is on its way
    await rm(draft, { force: true })
  }
}

/** Without it a power cut could keep rows sealed with the key, and lose the key. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // has no such call
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function parseMasterKey(text: string, source: string): Buffer {
  const trimmed = text.trim()
  const key = Buffer.from(trimmed, 'base64')
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)
  if (!isBase64 || key.length !== MASTER_KEY_BYTES) {
    throw new Error(`${source}: expected 32 bytes in base64, such as \`openssl rand -base64 32\` prints`)
  }
  return key
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}
