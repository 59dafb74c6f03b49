import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { loadApiReference } from './api-reference.ts'
import { renderErrorIndex, renderErrorPage } from './error-page.ts'

export interface DocsOptions {
  /** The folder of `<reason>.md` files. */
  errorsFolder: string
}

const openApiFile = fileURLToPath(import.meta.resolve('@mainstay/proto/openapi.json'))

/** Styles are inline in both kinds of page; scripts are files of this server, and no page may ask any other. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Serves the API's documentation, wholly from this server: `/docs` (the reference), `/openapi.json`,
 * `/docs/errors` and `/docs/errors/<reason>`.
 */
export function registerDocs(app: FastifyInstance, { errorsFolder }: DocsOptions): void {
  app.get('/openapi.json', async (_request, reply) =>
    reply
      .type('application/json')
      .header('cache-control', 'no-cache')
      .send(await readFile(openApiFile)),
  )
  app.get('/docs', async (_request, reply) => sendPage(reply, (await loadApiReference()).page))
  app.get('/docs/viewer.js', async (_request, reply) => {
    const { script } = await loadApiReference()
    return reply
      .type('text/javascript; charset=utf-8')
      .header('content-encoding', 'gzip')
      .header('cache-control', 'public, max-age=3600')
      .send(script)
  })
  app.get('/docs/errors', async (_request, reply) => sendPage(reply, await renderErrorIndex(errorsFolder)))
  app.get<{ Params: { reason: string } }>('/docs/errors/:reason', async (request, reply) => {
    const page = await renderErrorPage(errorsFolder, request.params.reason)
    if (page !== undefined) return sendPage(reply, page)
    return sendPage(reply.code(404), await renderErrorIndex(errorsFolder))
  })
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .send(page)
}
