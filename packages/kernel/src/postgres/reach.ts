import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DEFAULT_PORT } from './conf.ts'
import { StartError } from './errors.ts'
import { readCredentials } from './initialise.ts'
import { layoutOf } from './layout.ts'

/**
 * The connection string of the PostgreSQL that another process started in `home` and still owns: for commands beside a
 * running server, such as `mainstay sign-in-link`. Starts, makes and changes nothing. The password lies in a file that
 * only the user of the server (or root) can read. Throws StartError when there is no such database.
 */
export function reachEmbeddedPostgres({ home, port }: { home: string; port?: number }): string {
  const folder = join(resolve(home), 'postgres')
  const majors = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : []
  const major = Math.max(0, ...majors.map(Number))
  if (major === 0) {
    throw new StartError(
      'failed',
      `There is no database in ${folder}. Start the server first, or set MAINSTAY_HOME.`,
    )
  }
  const layout = layoutOf(realpathSync(folder), major)
  const { app } = readCredentials(layout)
  const query = `?host=${encodeURIComponent(layout.socketFolder)}&port=${port ?? DEFAULT_PORT}`
  return `postgresql://mainstay:${app}@/mainstay${query}`
}
