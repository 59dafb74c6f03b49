import type { PreferencePages } from '@mainstay/notify'
import { newRequestId } from '@mainstay/rpc'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** A form with a switch for every category and channel there can be. */
const MAX_FORM_BYTES = 256 * 1024

type Page = Awaited<ReturnType<PreferencePages['show']>>
type Route = { Params: { '*': string } }

/**
 * What people reach by the links in their mail: `/preferences/<token>`, the page of their preferences, and `/u/<token>`, where
 * mail programs unsubscribe by POST (RFC 8058). Not RPCs, since browsers and mail programs call them without credentials; the
 * signed token is the right to it. GET changes nothing, since scanners follow every link.
 */
export function servePreferences(http: FastifyInstance, pages: PreferencePages): void {
  http.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => parsed(null, body))
    for (const url of ['/preferences/*', '/u/*']) {
      scope.get<Route>(url, async ({ params }, reply) => answer(reply, await pages.show(params['*'])))
    }
    scope.post<Route>('/preferences/*', { bodyLimit: MAX_FORM_BYTES }, async ({ params, body }, reply) => {
      const form = new URLSearchParams(typeof body === 'string' ? body : '')
      return answer(reply, await pages.save(params['*'], form, newRequestId(Date.now())))
    })
    // What the body says is not asked: RFC 8058 sends one thing only, as a form of either kind.
    scope.post<Route>('/u/*', { bodyLimit: MAX_FORM_BYTES }, async ({ params }, reply) =>
      answer(reply, await pages.unsubscribe(params['*'], newRequestId(Date.now()))),
    )
    done()
  })
}

function answer(reply: FastifyReply, { status, html, policy }: Page): FastifyReply {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', policy)
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .header('x-robots-tag', 'noindex')
    .send(html)
}
