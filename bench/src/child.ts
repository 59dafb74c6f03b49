import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A process of its own that answers messages, so that what is measured never shares an event loop with what measures. */
export interface Child {
  /** Sends a message and waits for the answer. Rejects when the process ends first. */
  ask<T>(message: unknown): Promise<T>
  /** Why it ended without being asked to; undefined while it has not. */
  failure(): Error | undefined
  stop(): Promise<void>
}

/** As the program has it by itself (apps/server/src/main.ts): what was compiled once is not compiled again. */
export const env = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/mainstay', import.meta.url)),
  ...process.env,
}

/** Starts a module as a child and waits for its first message. Its standard output goes nowhere; its errors are seen. */
export async function startChild<T>(
  module: URL,
  args: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Promise<{ child: Child; ready: T }> {
  const execArgv = [...nodeFlags]
  const started = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv, env })
  let failure: Error | undefined
  let stopping = false
  started.once('exit', (code, signal) => {
    if (!stopping) failure = new Error(`${started.spawnargs.at(1)} ended by itself with ${signal ?? code}`)
  })
  const ready = await nextMessage<T>(started)
  return {
    ready,
    child: {
      failure: () => failure,
      async ask<A>(message: unknown) {
        const answer = nextMessage<A>(started)
        started.send(message as object)
        return answer
      },
      async stop() {
        stopping = true
        if (started.exitCode !== null || started.signalCode !== null) return
        const ended = once(started, 'exit')
        started.kill('SIGTERM')
        await ended
      },
    },
  }
}

/** What "npm start" gives Node, so that what is measured runs as it is shipped. */
export function shippedNodeFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String(scripts.start)
    .split(' ')
    .filter((word) => word.startsWith('--'))
}

function nextMessage<T>(started: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`${started.spawnargs.at(-1)} ended with ${code}`))
    started.once('exit', onExit)
    started.once('message', (message) => {
      started.off('exit', onExit)
      resolve(message as T)
    })
  })
}
