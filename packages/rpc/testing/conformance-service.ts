import { AppError, CODES, type Code } from '@mainstay/kernel'
import { type Implementation, implement } from '../src/index.ts'
import { Conformance } from './gen/mainstay/conformance/v1/conformance_pb.js'

/** What the service of a test has seen; each test makes its own. */
export interface ConformanceService {
  readonly implementation: Implementation
  /** How often each method's handler ran. */
  readonly runs: Map<string, number>
  /** Streams and waits that are under way. */
  readonly open: Set<string>
  /** How many messages all streams have made. */
  produced(): number
}

/** Answers the conformance contract: echoes, counts, waits and fails as asked. */
export function createConformanceService(): ConformanceService {
  const runs = new Map<string, number>()
  const open = new Set<string>()
  let produced = 0
  const ran = (method: string): number => {
    const count = (runs.get(method) ?? 0) + 1
    runs.set(method, count)
    return count
  }

  const implementation = implement(Conformance, {
    echo(request) {
      ran('echo')
      return request
    },
    check(request) {
      ran('check')
      return request
    },
    getThing(request) {
      ran('getThing')
      return {
        name: request.name,
        title: request.readMask?.paths.join(' ') ?? '',
        ...optional({ filter: request.filter }),
      }
    },
    updateThing(request) {
      ran('updateThing')
      return optional({ thing: request.thing, updateMask: request.updateMask })
    },
    touchThing(request, ctx) {
      const revision = ran('touchThing')
      return { name: request.name, title: `${request.title} by ${ctx.caller.id}`, revision }
    },
    fail(request, ctx) {
      ran('fail')
      if (!(request.code in CODES)) throw new Error('password=hunter2 at db.internal:5432')
      ctx.setHeader('x-conformance', 'failing')
      throw new AppError({
        code: request.code as Code,
        reason: 'conformance.failed',
        message: 'Failed as asked.',
        violations: request.fields.map((field) => ({ field, description: 'As asked.' })),
        ...optional({ retryAfterMs: milliseconds(request.retryAfter) }),
        metadata: { asked: 'yes' },
      })
    },
    async wait(request, ctx) {
      ran('wait')
      open.add(ctx.requestId)
      try {
        await pause(milliseconds(request.duration) ?? 0, ctx.signal)
      } finally {
        open.delete(ctx.requestId)
      }
      return { title: 'waited' }
    },
    async *count(request, ctx) {
      ran('count')
      open.add(ctx.requestId)
      try {
        const from = Number(request.resumeToken || 0)
        for (let number = from + 1; number <= from + request.count; number++) {
          if (request.failAfter > 0 && number > from + request.failAfter) {
            throw new AppError({ code: 'aborted', reason: 'conformance.failed', message: 'Failed as asked.' })
          }
          const pauseMs = milliseconds(request.pause)
          if (pauseMs !== undefined) await pause(pauseMs, ctx.signal)
          produced++
          yield { number, resumeToken: String(number), padding: 'x'.repeat(request.padding) }
        }
      } finally {
        open.delete(ctx.requestId)
      }
    },
  })
  return { implementation, runs, open, produced: () => produced }
}

/** The same object without its undefined members. */
function optional<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never
}

function milliseconds(duration: { seconds: bigint; nanos: number } | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1e6
}

/** Waits, or throws when the signal says so: what a handler of ours does at every wait. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
