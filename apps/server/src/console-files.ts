import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Where the console's build lies. */
export const consoleFolder = fileURLToPath(new URL('../../console/dist/', import.meta.url))

/**
 * What a page of the console may load: nothing from elsewhere. Inline styles are allowed because the virtualised
 * tables place their rows with them; the mail reader shows a mail in a frame of its own (`frame-src`), without scripts.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

/**
 * Serves the console. Every path that is neither an API route nor a file is the console's own and gets its page;
 * files under `assets/` carry a hash in their names and are kept by browsers for a year.
 *
 * @returns whether there is a console to serve; without a build the API runs alone.
 */
export function serveConsole(http: FastifyInstance): boolean {
  const isBuilt = existsSync(`${consoleFolder}index.html`)
  http.setNotFoundHandler((request, reply) => {
    if (!isBuilt || !isPageOfConsole(request)) return reply.code(404).send({ error: NOT_FOUND })
    return reply.sendFile('index.html')
  })
  if (!isBuilt) return false
  http.register(fastifyStatic, {
    root: consoleFolder,
    wildcard: false,
    index: false,
    cacheControl: false,
    setHeaders(reply, path) {
      const hashed = path.includes('/assets/')
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.header(name, value)
    },
  })
  return true
}

/** A browser that opens an address of the console: what asks for data, or for a file that is gone, gets no page. */
function isPageOfConsole({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (/^\/(v1|docs|assets)\b/.test(url)) return false
  return headers.accept?.includes('text/html') === true
}

const NOT_FOUND = {
  code: 'not_found',
  reason: 'rpc.route_not_found',
  message: 'There is nothing at this path. /docs lists what there is.',
  details: [],
  requestId: '',
  docs: '/docs/errors/rpc.route_not_found',
}
