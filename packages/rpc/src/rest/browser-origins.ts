import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Method } from '../method.ts'

/**
 * Lets pages of other origins call what recipients may call with a token of their own (`recipient` in the access rule), and
 * nothing else: the Fetch standard's CORS protocol, never with credentials. A page's cookies stay at home; the token is in a
 * header that the page writes itself.
 */
export interface BrowserOrigins {
  /** Whether any origin may call at all: without one, OPTIONS is no method here. */
  readonly isOn: boolean
  /** Says in the answer that the page may read it, where it may. */
  allow(method: Method, request: FastifyRequest, reply: FastifyReply): void
  /** Answers a preflight about a method; undefined: there is no such path, or no recipient may call it. */
  preflight(method: Method | undefined, request: FastifyRequest, reply: FastifyReply): void
}

/** What the SDK's calls carry beyond what every page may send. */
const ALLOWED_HEADERS =
  'authorization, content-type, idempotency-key, last-event-id, traceparent, tracestate, x-request-id, x-request-timeout-ms'
const EXPOSED_HEADERS = 'idempotent-replayed, retry-after, www-authenticate, x-request-id'
/** How long a browser remembers a preflight: ten minutes, so that a changed setting is soon known. */
const MAX_AGE_S = 600

/** @param list origins as browsers write them, `https://app.example.com`, with commas between; empty: none. */
export function createBrowserOrigins(list: string): BrowserOrigins {
  const origins = readOrigins(list)

  function originOf(method: Method | undefined, { raw }: FastifyRequest): string | undefined {
    const { origin } = raw.headers
    const mayCall = method?.rule.recipient === true && origin !== undefined && origins.has(origin)
    return mayCall ? origin : undefined
  }

  return {
    isOn: origins.size > 0,
    allow(method, request, reply) {
      if (origins.size === 0 || !method.rule.recipient) return
      reply.header('vary', 'Origin')
      const origin = originOf(method, request)
      if (origin === undefined) return
      reply.header('access-control-allow-origin', origin)
      reply.header('access-control-expose-headers', EXPOSED_HEADERS)
    },
    preflight(method, request, reply) {
      const { raw } = reply
      const origin = originOf(method, request)
      reply.hijack()
      raw.setHeader('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
      raw.setHeader('content-length', '0')
      if (origin === undefined) {
        raw.writeHead(403).end()
        return
      }
      raw.writeHead(204, {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': String(request.raw.headers['access-control-request-method']),
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': String(MAX_AGE_S),
      })
      raw.end()
    },
  }
}

/** Throws for what is no origin: a path, a wildcard, a scheme that no page is served by. */
export function readOrigins(list: string): ReadonlySet<string> {
  const origins = list.split(',').flatMap((text) => text.trim() || [])
  for (const origin of origins) {
    const url = URL.parse(origin)
    if (url?.origin !== origin || !['http:', 'https:'].includes(url.protocol)) {
      throw new TypeError(
        `HTTP_BROWSER_ORIGINS: "${origin}" is no origin. Write https://app.example.com, without a path or a slash at the end.`,
      )
    }
  }
  return new Set(origins)
}
