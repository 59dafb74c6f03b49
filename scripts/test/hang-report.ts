/**
 * Loaded into every test file's process: shortly before the file is ended for taking too long, it says what the process waits
 * for. Says nothing when the process is at work without a pause, as in an endless loop.
 */
const WORDS_BEFORE_END_MS = 4000

interface Handle {
  type: string
  is_active: boolean
  is_referenced: boolean
  localEndpoint?: { host: string; port: number } | null
  remoteEndpoint?: { host: string; port: number } | null
  pid?: number
  repeat?: number
  firesInMsFromNow?: number
}

const timeoutMs = Number(process.env.MAINSTAY_TEST_TIMEOUT_MS)
if (timeoutMs > WORDS_BEFORE_END_MS) setTimeout(report, timeoutMs - WORDS_BEFORE_END_MS).unref()

function report(): void {
  const { libuv } = process.report.getReport() as unknown as { libuv: Handle[] }
  const open = libuv.filter((handle) => handle.is_active && handle.is_referenced)
  const waits = process.getActiveResourcesInfo().join(', ')
  process.stderr.write(`What is still open: ${waits}\n${open.map(describe).join('\n')}\n`)
}

function describe({ type, localEndpoint, remoteEndpoint, pid, firesInMsFromNow }: Handle): string {
  const ends = [localEndpoint, remoteEndpoint].map((end) => (end ? `${end.host}:${end.port}` : ''))
  return [type, ...ends, pid ?? '', firesInMsFromNow === undefined ? '' : `in ${firesInMsFromNow} ms`]
    .filter((part) => part !== '')
    .join(' ')
}
