import { type DestinationStream, pino } from 'pino'
import pretty from 'pino-pretty'
import { maskSecrets, redact, redactFields } from './redact.ts'
import { currentTrace } from './trace.ts'

export type { Logger } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerOptions {
  /** Least serious level written. Default `info`. */
  level?: LogLevel
  /** `json`: one object a line, for machines. `pretty`: for a person at a terminal. Default `json`. */
  format?: 'json' | 'pretty'
  /** Where lines go. Default standard output. */
  stream?: DestinationStream
  /** Colours in `pretty`. Default: only when standard output is a terminal. */
  colour?: boolean
  /** Fields on every line, such as the role of the process. */
  fields?: Record<string, unknown>
}

/**
 * A pino logger whose lines carry an ISO time, the level's name and the ids of the trace that is running, and from which
 * secrets are taken out (see redact.ts). Lines are written synchronously, so the last words of a crash are not lost;
 * the readable format is a stream inside the process, not a worker thread, for the same reason.
 */
export function createLogger(options: LoggerOptions = {}): pino.Logger {
  const { level = 'info', format = 'json', stream, fields } = options
  const logger = pino(
    {
      level,
      base: fields ?? null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields, bindings: redactFields },
      serializers: { err: (error: unknown) => redact(error) },
      mixin: traceFields,
      hooks: { streamWrite: maskSecrets },
    },
    format === 'pretty'
      ? prettyStream(stream, options.colour)
      : (stream ?? pino.destination({ fd: 1, sync: true })),
  )
  // pino forgets formatters.bindings for children. A child inherits from its parent, so this reaches all descendants.
  const { child } = logger
  logger.child = function redactedChild(this: pino.Logger, bindings, childOptions) {
    return child.call(this, redactFields(bindings), childOptions)
  } as typeof child
  return logger
}

function traceFields(): Record<string, string> {
  const trace = currentTrace()
  return trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId }
}

function prettyStream(stream: DestinationStream | undefined, colour: boolean | undefined): DestinationStream {
  return pretty({
    sync: true,
    colorize: colour ?? (stream === undefined && process.stdout.isTTY === true),
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,spanId',
    ...(stream === undefined ? { destination: 1 } : { destination: stream as NodeJS.WritableStream }),
  })
}
