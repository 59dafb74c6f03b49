import type { FastifyInstance } from 'fastify'

/** How often connections whose last answer has gone out are looked for while we close. */
const LOOK_EVERY_MS = 50

/**
 * Takes no new connections, lets requests under way be answered, and ends what is left after `drainTimeoutMs`.
 *
 * Closing ends the connections that are idle at that moment; one that was busy then and is kept alive by its client
 * would hold the stop for the whole keep-alive time (72 s), so idle ones are ended again as they become so.
 */
export async function closeHttp(http: FastifyInstance, drainTimeoutMs: number): Promise<void> {
  const closing = http.close()
  const idle = setInterval(() => http.server.closeIdleConnections(), LOOK_EVERY_MS)
  const late = setTimeout(() => http.server.closeAllConnections(), drainTimeoutMs)
  try {
    await closing
  } finally {
    clearInterval(idle)
    clearTimeout(late)
  }
}
