import { AsyncLocalStorage } from 'node:async_hooks'
import { randomFillSync } from 'node:crypto'

/** Where in which trace the code that is running belongs (W3C Trace Context, level 1). */
export interface Trace {
  /** 32 lower-case hexadecimal digits, never all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits: this piece of work. */
  readonly spanId: string
  /** The piece of work that caused this one; undefined at the root. */
  readonly parentSpanId?: string
  /** Whether the caller records this trace; passed on as it came. */
  readonly sampled: boolean
  /** The `tracestate` header, passed on untouched. */
  readonly state?: string
}

const storage = new AsyncLocalStorage<Trace>()

/** The trace of the code that is running, across awaits; undefined outside any call, job or event. */
export function currentTrace(): Trace | undefined {
  return storage.getStore()
}

/** Runs `fn`, and all it awaits, as part of `trace`. */
export function withTrace<T>(trace: Trace, fn: () => T): T {
  return storage.run(trace, fn)
}

/** Starts a trace of its own. */
export function newTrace(sampled = true): Trace {
  return { traceId: randomHex(16), spanId: randomHex(8), sampled }
}

/** A new piece of work inside `parent`, or a new trace when there is none. */
export function childTrace(parent: Trace | undefined = currentTrace()): Trace {
  if (parent === undefined) return newTrace()
  return { ...parent, spanId: randomHex(8), parentSpanId: parent.spanId }
}

/**
 * Continues the trace a caller sent, as a child of its span. A header that breaks the specification counts as absent,
 * together with its `tracestate` (§2.3.1: "the vendor MUST NOT attempt to parse tracestate"), so a new trace starts.
 */
export function continueTrace(traceparent: string | undefined, tracestate?: string): Trace {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent)
  if (parent === undefined) return newTrace()
  const state = tracestate?.trim()
  return childTrace(state && TRACESTATE.test(state) ? { ...parent, state } : parent)
}

/**
 * Reads a `traceparent` value. Strict: lower-case hexadecimal only, no all-zero ids, version `ff` refused, version 00
 * exactly 55 characters; a later version may go on after another dash (§2.2.4), and its first four fields are used.
 */
export function parseTraceparent(value: string): Trace | undefined {
  const match = TRACEPARENT.exec(value)
  if (match === null) return
  const [, version, traceId = '', spanId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return
  if (traceId === NO_TRACE || spanId === NO_SPAN) return
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** Writes a version 00 `traceparent`. Flags other than "sampled" are zero, as §2.2.2.3 asks of unknown bits. */
export function formatTraceparent({ traceId, spanId, sampled }: Trace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
const SAMPLED = 0x01
/** §3.3.1: 512 characters must be passed on; more, or anything that is not printable ASCII, is not worth the risk. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/

// One system call fills 4 KiB; asking for 8 bytes at a time costs a call each.
const pool = Buffer.alloc(4096)
let used = pool.length

function randomHex(bytes: number): string {
  for (;;) {
    if (used + bytes > pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const text = pool.toString('hex', used, used + bytes)
    used += bytes
    if (!/^0+$/.test(text)) return text
  }
}
