import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The program as a process of its own, as a person starts it. */
export interface ServerProcess {
  readonly child: ChildProcess
  /** Everything it printed so far, on both streams. */
  output(): string
  /** Settles when it says that it is ready; rejects with its output when it ends before. */
  ready(): Promise<void>
  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | string>
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts the server on free ports with its data in `home`. */
export function spawnServer(
  home: string,
  env: Record<string, string> = {},
  args: string[] = [],
): ServerProcess {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, MAINSTAY_HOME: home, HTTP_PORT: '0', GRPC_PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const collect = (chunk: Buffer) => {
    printed += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const end = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string)
  return {
    child,
    output: () => printed,
    async ready() {
      const ready = new Promise<void>((resolve) => {
        const look = () => printed.includes(' is ready (') && resolve()
        child.stdout.on('data', look)
        look()
      })
      const failed = end.then((code) => {
        throw new Error(`the server ended with ${code}:\n${printed}`)
      })
      await Promise.race([ready, failed])
    },
    ended: () => end,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return end
    },
  }
}

/**
 * A port that is free, for who must know it before it is listened on. It is below those that systems give to whoever asks for
 * any port, so that nobody gets it by chance meanwhile.
 */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}

/** What the banner says: the API's address, a working key, and the sign-in link. */
export function readBanner(output: string): {
  apiUrl: string
  /** Empty where the database is not the server's own: it then makes none. */
  apiKey: string
  signInLink: string | undefined
} {
  const apiUrl = /API\s+(http:\S+)/.exec(output)?.[1]
  if (!apiUrl) throw new Error(`no address in:\n${output}`)
  return {
    apiUrl,
    apiKey: /Bearer (msk_test_\S+)'/.exec(output)?.[1] ?? '',
    signInLink: /(http:\S+\/sign-in#token=\S+)/.exec(output)?.[1],
  }
}
