import { type Logger, pino } from 'pino'

/**
 * Writes lines that are JSON already to a logger's own stream. It is for the one line per request: through the logger that
 * costs 10 µs (redaction, masking and a system call for each), and its fields hold nothing to redact. The caller asks
 * `isLevelEnabled` first and writes `level` and `time` itself.
 *
 * Lines of one turn of the event loop leave in one system call. An exit flushes them, a SIGKILL does not.
 */
export function lineWriter(logger: Logger): (line: string) => void {
  const stream = (logger as unknown as Record<symbol, Stream>)[pino.symbols.streamSym] as Stream
  // Only pino's own destination takes several lines at once; a stream of a test, or the readable one, gets them singly.
  if (typeof stream.flushSync !== 'function') return (line) => stream.write(`${line}\n`)
  return (line) => {
    const before = pending.get(stream)
    if (before === undefined && pending.size === 0) setImmediate(flush)
    pending.set(stream, before === undefined ? `${line}\n` : `${before}${line}\n`)
  }
}

interface Stream {
  write(lines: string): unknown
  flushSync?: () => void
}

const pending = new Map<Stream, string>()

function flush(): void {
  for (const [stream, lines] of pending) stream.write(lines)
  pending.clear()
}

process.on('exit', flush)
