import { readFileSync } from 'node:fs'
import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { Command, CommanderError } from 'commander'
import { addAccounts } from './commands/accounts.ts'
import { addCampaigns } from './commands/campaigns.ts'
import { addClients } from './commands/clients.ts'
import { addDoctor } from './commands/doctor.ts'
import { addKeys } from './commands/keys.ts'
import { addMessages } from './commands/messages.ts'
import { addRecipients } from './commands/recipients.ts'
import { addSchedules } from './commands/schedules.ts'
import { addSend } from './commands/send.ts'
import { addServer } from './commands/server.ts'
import { addWorkflows } from './commands/workflows.ts'
import { findConnection, findNamedUrl } from './config.ts'
import { CommandError, describeFailure, EXIT } from './failure.ts'
import type { Output } from './output.ts'

/** What a command works with. */
export interface Context {
  mainstay(): Mainstay
  /** The client and its server's address, without asking for a key. */
  anonymous(): { mainstay: Mainstay; url: string; hasKey: boolean }
  /** The server's address when the person said it, by flag or environment. */
  namedUrl(): string | undefined
  output: Output
  /** Aborted when the person presses Ctrl-C. */
  signal: AbortSignal
}

/** Where a run of the program prints; tests give their own. */
export interface Streams {
  out(line: string): void
  err(line: string): void
}

const terminal: Streams = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
}

/** Runs one command line and answers with its exit code: `EXIT` lists them. */
export async function run(args: string[], streams: Streams = terminal): Promise<number> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  const program = createProgram(streams, interrupt.signal)
  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (interrupt.signal.aborted) return EXIT.ok
    const flags = program.opts<GlobalFlags>()
    const failure = describeFailure(error, {
      json: flags.json === true,
      url: () => findConnection(flags).url,
    })
    streams.err(failure.text)
    return failure.exitCode
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

const FOOTER = `
Examples:
  mainstay send --to ada@example.com --subject Hello --text 'It works.'
  mainstay messages list --state failed --limit 5
  mainstay --json keys create CI --scope notify:send

Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 the server could not be reached,
4 no key or one that may not do this, 5 there is no such thing.`

/** The package's own; its manifest lies at the same place beside the sources and beside what is built from them. */
function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

interface GlobalFlags {
  json?: boolean
  url?: string
  key?: string
}

function createProgram(streams: Streams, signal: AbortSignal): Command {
  const program = new Command('mainstay')
    .description('Runs Mainstay and talks to it.')
    .version(readVersion(), '-v, --version', 'print the version')
    .option('--json', 'print JSON, one document or line each')
    .option('--url <url>', 'the server (MAINSTAY_URL, default http://127.0.0.1:8080)')
    .option(
      '--key <key>',
      'the API key (MAINSTAY_API_KEY, default: the key of the server that ran in this folder)',
    )
    .addHelpText('after', FOOTER)
    .showHelpAfterError('Run it with --help to see what it takes.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out(text.trimEnd()),
      writeErr: (text) => streams.err(text.trimEnd()),
    })
  const flags = () => program.opts<GlobalFlags>()
  const context: Context = {
    signal,
    output: {
      get json() {
        return flags().json === true
      },
      write: streams.out,
    },
    namedUrl: () => findNamedUrl(flags()),
    anonymous() {
      const { url, apiKey } = findConnection(flags())
      return {
        url,
        hasKey: apiKey !== undefined,
        mainstay: createMainstay({ baseUrl: url, ...(apiKey ? { apiKey } : {}) }),
      }
    },
    mainstay() {
      const { mainstay, hasKey } = context.anonymous()
      if (!hasKey) {
        throw new CommandError(
          'No API key. Set MAINSTAY_API_KEY, give --key, or run this where `npm start` runs.',
          EXIT.unauthenticated,
        )
      }
      return mainstay
    },
  }
  addServer(program, context)
  addSend(program, context)
  addMessages(program, context)
  addRecipients(program, context)
  addCampaigns(program, context)
  addSchedules(program, context)
  addWorkflows(program, context)
  addAccounts(program, context)
  addClients(program, context)
  addKeys(program, context)
  addDoctor(program, context)
  return program
}
