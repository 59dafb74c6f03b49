import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The development key of a local server: a test key whose text lies in the data folder, readable by its owner only, so
 * that every start can print a command line that works and the `mainstay` command needs no set-up. The database holds
 * its hash only, as of every key. There is none with `DATABASE_URL`: that is somebody's real installation.
 */
export function readDevKey(home: string): string | undefined {
  try {
    return readFileSync(join(home, 'dev-key'), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function writeDevKey(home: string, secret: string): Promise<void> {
  const file = await open(join(home, 'dev-key'), 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(`${secret}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}
