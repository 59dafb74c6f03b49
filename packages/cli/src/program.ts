import { createMainstay, type Mainstay } from '@mainstay/sdk'
import { Command, CommanderError } from 'commander'
import { addDoctor } from './commands/doctor.ts'
import { addKeys } from './commands/keys.ts'
import { addMessages } from './commands/messages.ts'
import { addSend } from './commands/send.ts'
import { addServer } from './commands/server.ts'
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
    const failure = describeFailure(error, program.opts<GlobalFlags>().json === true)
    streams.err(failure.text)
    return failure.exitCode
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

interface GlobalFlags {
  json?: boolean
  url?: string
  key?: string
}

function createProgram(streams: Streams, signal: AbortSignal): Command {
  const program = new Command('mainstay')
    .description('Runs Mainstay and talks to it.')
    .option('--json', 'print JSON')
    .option('--url <url>', 'the server (MAINSTAY_URL, default http://127.0.0.1:8080)')
    .option(
      '--key <key>',
      'the API key (MAINSTAY_API_KEY, default: the key of the server that ran in this folder)',
    )
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
  addKeys(program, context)
  addDoctor(program, context)
  return program
}
