import { accessMigrations, createFirstOperatorLink } from '@mainstay/access'
import {
  createDb,
  createLogger,
  homeFolder,
  kernelMigrations,
  migrationStatus,
  reachEmbeddedPostgres,
  StartError,
  systemClock,
} from '@mainstay/kernel'
import { readSettings } from './config.ts'

/**
 * `mainstay sign-in-link`: prints a new one-time link for the console while the server runs.
 *
 * It goes to the database, not to an API: whoever can read the server's database password can become an operator anyway,
 * while an RPC would let an API key, which belongs to one project and lies in many places, turn itself into an operator
 * of all of them. The link is audited as `access.sign_in_links.create` by `system`, like the one printed at the start.
 *
 * @param output.url where the console is reached, when the person named it; else it is taken from the settings.
 */
export async function runSignInLink(output: {
  json: boolean
  url: string | undefined
  write(line: string): void
}): Promise<void> {
  const { kernel, access, server } = readSettings()
  const logger = createLogger({ level: 'error', format: 'pretty' })
  const port = kernel.databasePort > 0 ? { port: kernel.databasePort } : {}
  const connectionString = kernel.databaseUrl ?? reachEmbeddedPostgres({ home: homeFolder(kernel), ...port })
  const db = createDb({ connectionString, poolSize: 1, logger })
  try {
    const { pending } = await migrationStatus(db, [kernelMigrations, accessMigrations]).catch((cause) => {
      throw new StartError(
        'failed',
        'The database does not answer. Start the server, which prints a link too.',
        {
          cause,
        },
      )
    })
    const link =
      pending.length === 0
        ? await createFirstOperatorLink({ db, clock: systemClock, settings: access })
        : undefined
    if (link === undefined) {
      throw new StartError(
        'failed',
        'Nobody can sign in to this database yet. Start the server, which prints a link.',
      )
    }
    const { httpHost, httpPort } = server
    const host = httpHost === '0.0.0.0' || httpHost === '::' ? '127.0.0.1' : httpHost
    const base =
      output.url ?? access.publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${httpPort}`
    const signInLink = `${base.replace(/\/+$/, '')}/sign-in#token=${link.token}`
    if (output.json) {
      output.write(JSON.stringify({ signInLink, expireTime: link.expireTime.toISOString() }))
    } else {
      output.write(signInLink)
      output.write(`It signs you in once, until ${link.expireTime.toISOString()}.`)
    }
  } finally {
    await db.close()
  }
}
