import { type AppError, withTrace } from '@mainstay/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Call } from '../call-state.ts'
import { clientAddressOf } from '../client-address.ts'
import { earlyRoute } from '../early-route.ts'
import { refuse } from '../errors.ts'
import { answerOutside, readTimeoutMs } from '../http-answer.ts'
import { createRouter, type MethodMismatch, type RouteMatch, type Router } from '../http-rule/router.ts'
import type { Method } from '../method.ts'
import { type BrowserOrigins, createBrowserOrigins } from './browser-origins.ts'
import { createEndpoint, type Endpoint, type RestContext } from './endpoint.ts'
import { serveStream } from './stream.ts'
import { serveUnary } from './unary.ts'

/**
 * Serves every method that has an HTTP rule, by a router of ours: Fastify's has no custom verbs after a variable, no `**`
 * before a verb and no fields in paths. Fastify gives it everything below the first segment of any template.
 */
export function registerRest(app: FastifyInstance, methods: readonly Method[], context: RestContext): void {
  const router: Router<Endpoint> = createRouter()
  const mounts = new Set<string>()
  const verbs = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
  for (const method of methods) {
    for (const binding of method.bindings) {
      router.add(binding.httpMethod, binding.template, createEndpoint(method, binding, context.limits))
      const first = binding.template.segments[0]
      mounts.add(first?.kind === 'literal' ? `/${first.text}/*` : '/*')
      verbs.add(binding.httpMethod)
    }
  }
  const browsers = createBrowserOrigins(context.limits.browserOrigins)
  if (browsers.isOn) verbs.add('OPTIONS')
  for (const verb of verbs)
    if (!app.supportedMethods.includes(verb)) app.addHttpMethod(verb, { hasBody: true })
  for (const url of mounts) {
    earlyRoute(app, [...verbs], url, (request, reply) => dispatch(router, context, browsers, request, reply))
  }
}

function dispatch(
  router: Router<Endpoint>,
  context: RestContext,
  browsers: BrowserOrigins,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { raw } = request
  const url = raw.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const asked = raw.headers['access-control-request-method']
  if (raw.method === 'OPTIONS' && asked !== undefined) {
    const found = router.find(asked, path)
    browsers.preflight(found && 'target' in found ? found.target.method : undefined, request, reply)
    return
  }
  const match = router.find(raw.method === 'HEAD' ? 'GET' : (raw.method ?? 'GET'), path)
  if (match === undefined || 'allowed' in match || (raw.method === 'HEAD' && match.target.method.streams)) {
    answerOutside(context.pipeline, request, reply, refuseRoute(match, reply))
    return
  }
  const { target: endpoint, segments } = match
  browsers.allow(endpoint.method, request, reply)
  const call = new Call(
    {
      method: endpoint.method,
      protocol: 'rest',
      headers: raw.headers,
      clientAddress: () => clientAddressOf(raw, context.limits.trustedProxies),
      timeoutMs: readTimeoutMs(raw.headers['x-request-timeout-ms']),
      onDisconnect: (listener) => reply.raw.once('close', listener),
    },
    context.limits.requestTimeoutMs,
  )
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const serve = endpoint.method.streams ? serveStream : serveUnary
  withTrace(call.trace, () => serve(endpoint, call, segments, query, request, reply, context)).catch(
    // Only what fails while an error is being answered comes here: nothing sensible can be said any more.
    (error: unknown) => {
      context.pipeline.fail(call, error)
      raw.destroy()
    },
  )
}

/** 404 for a path that is nothing, 405 with `Allow` for one that takes other HTTP methods (RFC 9110 §15.5.6). */
function refuseRoute(
  match: RouteMatch<Endpoint> | MethodMismatch | undefined,
  reply: FastifyReply,
): AppError {
  if (match === undefined) {
    return refuse('rpc.route_not_found', 'There is nothing at this path. /docs lists what there is.')
  }
  const allowed = 'allowed' in match ? match.allowed.join(', ') : 'GET'
  reply.header('allow', allowed)
  return refuse('rpc.method_not_allowed', `This path takes ${allowed}.`)
}
