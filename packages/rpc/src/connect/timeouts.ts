import type { IncomingHttpHeaders } from 'node:http'

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Node's timers hold no more than 24.8 days; longer means the same to a caller. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Takes the caller's time limit out of the headers, in milliseconds. What is no time limit stays there, for
 * @connectrpc/connect to refuse. Our pipeline watches the deadline, so that it means the same over every protocol.
 */
export function takeTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? ''))
  if (grpc !== null) {
    delete headers['grpc-timeout']
    return Math.min(Number(grpc[1]) * (UNIT_MS[grpc[2] as string] as number), MAX_TIMER_MS)
  }
  const connect = /^\d{1,10}$/.exec(String(headers['connect-timeout-ms'] ?? ''))
  if (connect !== null) {
    delete headers['connect-timeout-ms']
    return Math.min(Number(connect[0]), MAX_TIMER_MS)
  }
}
