import { Worker } from 'node:worker_threads'
import { appError } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { CompileAnswer, CompileJob } from './compile-worker.ts'

export interface Compiler {
  /** Makes HTML ready to send: MJML becomes HTML, style sheets move into elements. Errors are the source's. */
  compile(kind: 'html' | 'mjml', source: string): Promise<Omit<CompileAnswer, 'id'>>
  close(): Promise<void>
}

/** How long one source may take, in milliseconds; templates take 5 to 50. */
const DEFAULT_TIMEOUT_MS = 10_000

/** How long the thread may take to start: half a second, and more where the machine is busy with other things. */
const START_TIMEOUT_MS = 60_000

/** How much memory the thread may take. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256 }

/** How long a thread with nothing to do is kept, in milliseconds: its start takes half a second. */
const IDLE_MS = 30_000

/** How many sources may wait. */
const MAX_WAITING = 50

/** Compiles one source after the other in a thread that is started when it is needed and ended when it takes too long. */
export function createCompiler({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}): Compiler {
  let worker: Thread | undefined
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let nextId = 1

  async function end(): Promise<void> {
    clearTimeout(idle)
    const ended = worker
    worker = undefined
    await ended?.worker.terminate()
  }

  function run(job: CompileJob): Promise<Omit<CompileAnswer, 'id'>> {
    clearTimeout(idle)
    worker ??= start()
    const { worker: thread, started } = worker
    thread.ref()
    return new Promise((resolve) => {
      let isClosed = false
      const close = (answer: Omit<CompileAnswer, 'id'>, isBroken: boolean): void => {
        isClosed = true
        clearTimeout(timer)
        thread.off('message', onMessage).off('error', onError).off('exit', onExit)
        if (isBroken) void end()
        else {
          thread.unref()
          idle = setTimeout(() => void end(), IDLE_MS).unref()
        }
        resolve(answer)
      }
      const fail = (message: string): void => close({ html: '', errors: [{ line: 0, message }] }, true)
      const onMessage = (answer: CompileAnswer): void => {
        if (answer.id === job.id) close(answer, false)
      }
      const onError = (error: Error): void => fail(`cannot be compiled: ${error.message}`)
      const onExit = (): void => fail('cannot be compiled')
      let timer = setTimeout(() => fail('cannot be compiled: the compiler did not start'), START_TIMEOUT_MS)
      void started.then(() => {
        clearTimeout(timer)
        if (!isClosed) timer = setTimeout(() => fail(`takes more than ${timeoutMs} ms to compile`), timeoutMs)
      })
      thread.on('message', onMessage).on('error', onError).on('exit', onExit)
      thread.postMessage(job)
    })
  }

  return {
    async compile(kind, source) {
      if (waiting >= MAX_WAITING) {
        throw appError(
          reasons,
          'notify.overloaded',
          'Too many templates are being compiled. Try again in a moment.',
        )
      }
      waiting += 1
      const job = last.then(() => run({ id: nextId++, kind, source }))
      last = job
      try {
        return await job
      } finally {
        waiting -= 1
      }
    },
    close: end,
  }
}

interface Thread {
  worker: Worker
  /** Settles once it takes work; never where it does not come so far. */
  started: Promise<void>
}

function start(): Thread {
  const thread = new Worker(new URL('./compile-worker.ts', import.meta.url), {
    resourceLimits: RESOURCE_LIMITS,
    // What it compiles was written by people whom we do not know: it gets to see none of our settings.
    env: {},
    execArgv: [],
  })
  // One listener for the thread's whole life: an error between two sources must not end the program.
  thread.on('error', () => {})
  const started = new Promise<void>((resolve) => {
    thread.once('message', () => resolve())
  })
  return { worker: thread, started }
}
