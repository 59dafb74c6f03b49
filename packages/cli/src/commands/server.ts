import { type Command, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import type { Context } from '../program.ts'

/** The server's own entry, as the commands use it. */
interface ServerModule {
  runServer(args: string[]): Promise<void>
  runSignInLink(options: { json: boolean; url: string | undefined; write(line: string): void }): Promise<void>
  runMigrate(action: 'up' | 'status', options: { json: boolean; write(line: string): void }): Promise<void>
}

/** `up`, `migrate`, `sign-in-link`: the only commands that use the platform's own code instead of speaking HTTP to it. */
export function addServer(program: Command, context: Context): void {
  program
    .command('up')
    .description('start the server here')
    .addOption(
      new Option('--role <role>', 'what this process does').choices(['all', 'api', 'worker']).default('all'),
    )
    .action(async ({ role }: { role: string }) => {
      const server = await loadServer()
      await server.runServer([`--role=${role}`])
    })

  const migrate = program.command('migrate').description("bring the database's tables up to date")
  for (const action of ['up', 'status'] as const) {
    migrate
      .command(action)
      .description(action === 'up' ? 'apply what is missing' : 'show what is applied and what is missing')
      .action(async () => {
        const server = await loadServer()
        await inWords(server.runMigrate(action, context.output))
      })
  }

  program
    .command('sign-in-link')
    .description("print a new one-time link for the console; run it on the server's machine, as its user")
    .action(async () => {
      const server = await loadServer()
      const { json, write } = context.output
      await inWords(server.runSignInLink({ json, write, url: context.namedUrl() }))
    })
}

/** What a person can mend ends the command with its sentence; anything else is a defect and keeps its stack. */
async function inWords(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const known = ['StartError', 'SettingsError', 'MigrationError', 'AppError']
    if (!(error instanceof Error && known.includes(error.name))) throw error
    throw new CommandError(error.message, EXIT.refused)
  }
}

/** Loaded when asked for: the published command works without the server beside it. */
async function loadServer(): Promise<ServerModule> {
  const name = '@mainstay/server'
  try {
    return (await import(name)) as ServerModule
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new CommandError(
      'The server is not installed here. Run this command in a checkout of Mainstay.',
      EXIT.refused,
    )
  }
}
