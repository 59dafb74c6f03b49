import { type Logger, toAppError, toTypeId } from '@mainstay/kernel'
import type { ReportReceiver } from '@mainstay/notify'
import { errorBody, httpStatus, newRequestId } from '@mainstay/rpc'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export interface ReportRouteDeps {
  reports: ReportReceiver
  /** What providers call; some sign it. Undefined: what the request's own headers say. */
  publicUrl: string | undefined
  logger: Pick<Logger, 'error'>
}

/** SendGrid's are the largest, with up to 768 KiB. */
const MAX_BODY_BYTES = 1024 * 1024

/** Where a provider repeats what could not be stored; no answer of ours is worth less than a few seconds of patience. */
const RETRY_AFTER_S = 5

/** Where providers report about accounts, by uuid: nowhere without a public URL. */
export function reportUrls(publicUrl: string | undefined): (providerAccountId: string) => string {
  if (publicUrl === undefined) return () => ''
  return (id) => `${withoutSlash(publicUrl)}/reports/${toTypeId('pac', id)}`
}

/**
 * Takes what providers report: `/reports/pac_…`. Not an RPC, because providers sign the raw bytes and some the URL, and send
 * no credential but that. Strangers are turned away before their body is read when there is no such account; no body is
 * taken packed, and none above a megabyte.
 */
export function serveReports(http: FastifyInstance, { reports, publicUrl, logger }: ReportRouteDeps): void {
  http.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body))
    scope.setErrorHandler((error, _request, reply) => answerError(reply, error, logger))
    scope.route<{ Params: { account: string } }>({
      method: ['GET', 'POST'],
      exposeHeadRoute: false,
      url: '/reports/:account',
      bodyLimit: MAX_BODY_BYTES,
      async onRequest(request) {
        await reports.find(request.params.account)
      },
      async handler(request, reply) {
        const account = await reports.find(request.params.account)
        const { status, contentType, body } = await reports.take(account, {
          method: request.method,
          url: urlOf(request, publicUrl),
          headers: singleHeaders(request),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        })
        return reply.code(status).header('content-type', contentType).send(body)
      },
    })
    done()
  })
}

function answerError(reply: FastifyReply, thrown: unknown, logger: Pick<Logger, 'error'>): FastifyReply {
  const requestId = newRequestId(Date.now())
  const refused = fastifyRefusal(thrown)
  if (refused !== undefined) return reply.code(refused).send()
  const error = toAppError(thrown)
  // Credentials that cannot be read are our fault: the provider is to come back once somebody has mended it.
  const status = error.code === 'failed_precondition' ? 503 : httpStatus(error)
  if (status < 500) return reply.code(status).send(errorBody(error, requestId))
  logger.error({ err: thrown, requestId }, 'a report could not be taken')
  return reply
    .code(status === 500 ? 500 : 503)
    .header('retry-after', String(Math.max(RETRY_AFTER_S, Math.ceil((error.retryAfterMs ?? 0) / 1000))))
    .send(errorBody(error, requestId))
}

/** What Fastify refuses by itself: a body that is too large or shorter than it said. */
function fastifyRefusal(thrown: unknown): number | undefined {
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown }
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number'
    ? statusCode
    : undefined
}

/** The URL as the provider called it: a proxy before us may have changed the host and ended TLS. */
function urlOf(request: FastifyRequest, publicUrl: string | undefined): string {
  const base = publicUrl === undefined ? `${request.protocol}://${request.host}` : withoutSlash(publicUrl)
  return `${base}${request.raw.url ?? ''}`
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

/** A header that comes twice is no header that a provider sent. */
function singleHeaders(request: FastifyRequest): Record<string, string | undefined> {
  const pairs = Object.entries(request.headers).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(pairs) as Record<string, string>
}
