import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf'
import type { Logger, Metrics, Tx } from '@mainstay/kernel'
import type { Call } from './call-state.ts'
import { refuse, refuseFields } from './errors.ts'
import { untilCallEnds } from './open-stream.ts'
import type { Ports } from './ports.ts'
import { createStreamRecheck } from './recheck-streams.ts'
import { requestHash } from './request-hash.ts'
import { createRequestRecord, type RequestRecord } from './request-record.ts'
import type { Validate } from './validate/validate.ts'

/** What a handler answers with, before it is a message. */
export type Answer = MessageInitShape<DescMessage>

/**
 * The way of every call, whatever its protocol: trace → authenticate → authorise → limit → validate → idempotency →
 * handler. A transport makes the `Call`, runs `admit` before it reads the body, then `answer` or `stream` with the
 * request, and in the end `finish` or `fail`, once.
 */
export interface Pipeline extends RequestRecord {
  /** Says who calls and whether they may. A promise only where a port gave one. */
  admit(call: Call): void | Promise<void>
  /**
   * Validates and answers a unary call. Throws what is wrong with the request; rejects with what the handler throws, or when
   * the deadline passes, whatever the handler does.
   */
  answer(call: Call, request: Message): Promise<Answer>
  /** Validates and opens a stream. What the handler throws while it streams comes out of the iteration. */
  stream(call: Call, request: Message): AsyncIterable<Answer>
}

export interface PipelineOptions {
  ports: Ports
  logger: Logger
  metrics: Metrics
  validate: Validate
  /** Aborts when the server stops: open streams end then. */
  stopping: AbortSignal
}

export function createPipeline({ ports, logger, metrics, validate, stopping }: PipelineOptions): Pipeline {
  const record = createRequestRecord(logger, metrics)
  const recheck = createStreamRecheck(ports)

  function admit(call: Call): void | Promise<void> {
    if (call.info.rule.public) return afterAuthorise(call)
    const caller = ports.authenticate(call)
    if (isPromise(caller)) {
      return caller.then((known) => {
        call.caller = known
        return authorise(call)
      })
    }
    call.caller = caller
    return authorise(call)
  }

  function authorise(call: Call): void | Promise<void> {
    call.projectId = call.caller.projectId ?? ''
    const done = ports.authorise(call.caller, call.info.rule, call)
    return isPromise(done) ? done.then(() => afterAuthorise(call)) : afterAuthorise(call)
  }

  function afterAuthorise(call: Call): void | Promise<void> {
    return ports.limit?.(call.caller, call.method, call)
  }

  function check(call: Call, request: Message): void {
    const violations = validate(call.info.input, request)
    if (violations.length > 0) throw refuseFields(violations)
    if (call.info.idempotent) readIdempotencyKey(call, request)
  }

  function perform(call: Call, request: Message): Promise<Answer> {
    if (call.idempotency === undefined || call.info.ownsIdempotency) {
      return Promise.resolve(call.info.handle(request, call) as Answer)
    }
    return once(call, request, call.idempotency.requestHash)
  }

  async function once(call: Call, request: Message, requestHash: Uint8Array): Promise<Answer> {
    if (ports.idempotency === undefined)
      throw new Error('An idempotent method was called without an idempotency port')
    const execute = async (tx: Tx): Promise<Uint8Array> => {
      call.tx = tx
      const { output, handle } = call.info
      return toBinary(output, create(output, (await handle(request, call)) as Answer))
    }
    const { bytes, replayed } = await ports.idempotency.run(call, call.method, requestHash, execute)
    if (replayed) call.setHeader('idempotent-replayed', 'true')
    return fromBinary(call.info.output, bytes) as Answer
  }

  return {
    ...record,
    admit,
    answer(call, request) {
      check(call, request)
      return beforeDeadline(call, perform(call, request))
    },
    stream(call, request) {
      check(call, request)
      return untilCallEnds(call, call.info.handle(request, call) as AsyncIterable<Answer>, stopping, recheck)
    },
  }
}

/** Checks the key's form and hashes what is asked, so that the same key for something else is found out. */
function readIdempotencyKey(call: Call, request: Message): void {
  const key = call.header('idempotency-key')
  if (key === undefined) return
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) {
    throw refuse('rpc.idempotency_key_invalid', 'An Idempotency-Key is 1 to 255 printable ASCII characters.')
  }
  call.idempotency = { key, requestHash: requestHash(call.info, request) }
}

/** The answer, or the deadline, whichever comes first. The handler hears of the deadline through `ctx.signal`. */
function beforeDeadline<T>(call: Call, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(call.expire()), roundUp(call.deadlineMs - Date.now()))
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** Node keeps a list for each length of a timer: with few lengths, setting and clearing one is a link in a list. */
function roundUp(ms: number): number {
  return Math.ceil(ms / TIMER_GRID_MS) * TIMER_GRID_MS
}

const TIMER_GRID_MS = 10

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value
}
