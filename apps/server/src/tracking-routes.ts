import type { TrackingReceiver } from '@mainstay/notify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** A transparent picture of one pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/**
 * What links and pictures in mails lead to, where a project tracks them: `/c/<token>` and `/o/<token>.gif`. Not RPCs, since
 * recipients' mail programs call them. A redirect leads where its signed token says and nowhere else; nothing is kept by
 * caches on the way, and the page that a link leads to is not told where it was followed.
 */
export function serveTracking(
  http: FastifyInstance,
  tracking: Pick<TrackingReceiver, 'click' | 'open'>,
): void {
  http.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/c/*',
    async handler(request, reply) {
      const url = await tracking.click(request.params['*'], fetchingOf(request))
      if (url === undefined) return notOurs(reply)
      return privately(reply).header('referrer-policy', 'no-referrer').redirect(url, 302)
    },
  })
  http.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/o/*',
    async handler(request, reply) {
      const token = request.params['*'].replace(/\.gif$/, '')
      if (!(await tracking.open(token, fetchingOf(request)))) return notOurs(reply)
      return privately(reply)
        .type('image/gif')
        .header('x-content-type-options', 'nosniff')
        .header('cross-origin-resource-policy', 'cross-origin')
        .send(PIXEL)
    },
  })
}

function fetchingOf({ method, headers }: FastifyRequest): Parameters<TrackingReceiver['click']>[1] {
  const single = Object.entries(headers).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return { method, headers: Object.fromEntries(single) }
}

function privately(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex')
}

function notOurs(reply: FastifyReply): FastifyReply {
  return privately(reply)
    .code(404)
    .type('text/plain; charset=utf-8')
    .send('This link is not complete, or it was not made here.\n')
}
