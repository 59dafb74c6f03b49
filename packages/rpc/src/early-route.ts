import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * A route that answers from its `onRequest` hook, after the application's own hooks of that kind. Our pipeline reads and
 * checks the body itself, once it knows the caller, so Fastify's reading, parsing and validating would only be in its way.
 */
export function earlyRoute(
  app: FastifyInstance,
  methods: string[],
  url: string,
  serve: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.route({
    method: methods,
    url,
    exposeHeadRoute: false,
    // `done` is never called: the hook is the end of the way.
    onRequest: (request, reply, _done) => serve(request, reply),
    handler: () => Promise.reject(new Error('The request was answered before it came to a handler')),
  })
}
