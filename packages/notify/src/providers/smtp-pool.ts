import { onAbort } from './abort.ts'
import type { ProviderResult } from './adapter.ts'
import type { MailMessage } from './mail-message.ts'
import type { SmtpLine } from './smtp-line.ts'
import { type SmtpFailure, toResult } from './smtp-outcome.ts'

export interface SmtpPoolOptions {
  open(): Promise<SmtpLine | { failure: SmtpFailure }>
  maxConnections: number
  /** A line is replaced after this many mails, as many servers ask. Default 100. */
  maxMailsPerLine?: number
  /** A line unused for this long says QUIT. Default 10,000; servers hang up after a minute or more. */
  idleMs?: number
}

/** Carries mails over a bounded number of lines, first come, first served. */
export interface SmtpPool {
  send(mail: MailMessage, signal: AbortSignal): Promise<ProviderResult>
  /** Takes no new mail, lets the ones it has end, closes every line. */
  close(): Promise<void>
}

interface Task {
  mail: MailMessage
  signal: AbortSignal
  /** Already tried on a line that had died while idle. */
  isSecondTry: boolean
  settle(result: ProviderResult): void
  leave(): void
}

/**
 * nodemailer has a pool of its own; it is not used because it does not tell at which point of the dialogue a line broke,
 * which is the very thing that decides between "safe to repeat" and "unknown".
 */
export function createSmtpPool(options: SmtpPoolOptions): SmtpPool {
  const { maxConnections, maxMailsPerLine = 100, idleMs = 10_000 } = options
  const waiting: Task[] = []
  const idle = new Map<SmtpLine, NodeJS.Timeout>()
  let busy = 0
  let opening = 0
  let closing: { done: Promise<void>; resolve: () => void } | undefined

  function pump(): void {
    while (waiting.length > 0 && idle.size > 0) {
      const task = waiting.shift()
      if (task !== undefined) void run(takeIdle(), task)
    }
    const free = maxConnections - idle.size - busy - opening
    for (let count = Math.min(waiting.length - opening, free); count > 0; count--) void open()
    endIfClosing()
  }

  async function open(): Promise<void> {
    opening++
    const line = await options.open()
    opening--
    if ('failure' in line) {
      giveUp(line.failure)
    } else {
      rest(line)
      pump()
    }
  }

  /**
   * A line that could not be opened opens no other: lines that work, or are still being opened, go on with what waits.
   * Without any, whoever waits would meet the same failure one after the other, and hears of it now.
   */
  function giveUp(failure: SmtpFailure): void {
    if (busy + idle.size + opening > 0) return
    for (const task of waiting.splice(0)) finish(task, toResult(failure))
    endIfClosing()
  }

  function endIfClosing(): void {
    if (closing === undefined || waiting.length + busy + opening > 0) return
    for (const line of [...idle.keys()]) drop(line)
    closing.resolve()
  }

  async function run(line: SmtpLine, task: Task): Promise<void> {
    const wasUsed = line.used > 0
    task.leave()
    busy++
    const answer = await line.send(task.mail, task.signal)
    busy--
    if (line.usable) rest(line)
    if (answer.ok) {
      const id = answer.serverMessageId === undefined ? {} : { providerMessageId: answer.serverMessageId }
      task.settle({ outcome: 'accepted', reply: answer.reply, ...id })
    } else if (wasUsed && !task.isSecondTry && isStale(answer.failure) && !task.signal.aborted) {
      // The server hung up on a line that it had kept open for us: nothing was sent, and its siblings are likely dead too.
      for (const sibling of [...idle.keys()]) drop(sibling)
      enqueue({ ...task, isSecondTry: true }, 'first')
    } else {
      task.settle(toResult(answer.failure))
    }
    pump()
  }

  function rest(line: SmtpLine): void {
    if (line.used >= maxMailsPerLine) {
      line.close()
      return
    }
    idle.set(
      line,
      setTimeout(() => drop(line), idleMs),
    )
    line.onEnd = () => drop(line)
  }

  /** The one used last: the others grow idle and close. */
  function takeIdle(): SmtpLine {
    const line = [...idle.keys()].at(-1) as SmtpLine
    clearTimeout(idle.get(line))
    idle.delete(line)
    line.onEnd = undefined
    return line
  }

  function drop(line: SmtpLine): void {
    clearTimeout(idle.get(line))
    idle.delete(line)
    line.onEnd = undefined
    line.close()
  }

  function enqueue(task: Task, place: 'first' | 'last'): void {
    task.leave = onAbort(task.signal, () => {
      const at = waiting.indexOf(task)
      if (at >= 0) waiting.splice(at, 1)
      task.settle(notTried('The worker gave up before a connection was free.'))
    })
    if (task.signal.aborted) return
    if (place === 'first') waiting.unshift(task)
    else waiting.push(task)
  }

  return {
    send(mail, signal) {
      if (closing !== undefined)
        return Promise.resolve(notTried('The provider account was changed or switched off.'))
      return new Promise((settle) => {
        enqueue({ mail, signal, isSecondTry: false, settle, leave: () => {} }, 'last')
        pump()
      })
    },
    close() {
      if (closing === undefined) {
        const { promise: done, resolve } = Promise.withResolvers<void>()
        closing = { done, resolve }
        pump()
      }
      return closing.done
    },
  }
}

function finish(task: Task, result: ProviderResult): void {
  task.leave()
  task.settle(result)
}

function notTried(reply: string): ProviderResult {
  return { outcome: 'rejected_transient', reply }
}

/** Broken without an answer, or with "I am closing" (421) or "out of step" (503), before the mail was handed over. */
function isStale({ phase, reply }: SmtpFailure): boolean {
  return phase === 'handing_over' && (reply === undefined || /^(421|503)\b/.test(reply))
}
