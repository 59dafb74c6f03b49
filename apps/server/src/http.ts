import { type Health, METRICS_CONTENT_TYPE, type Metrics } from '@mainstay/kernel'
import { httpOptions, type RpcLimits } from '@mainstay/rpc'
import Fastify, { type FastifyInstance } from 'fastify'

/** The HTTP server, with the limits that hold before a route is known. */
export function createHttp(limits: RpcLimits): FastifyInstance {
  return Fastify(httpOptions(limits))
}

/** What load balancers and Prometheus ask for. None of it needs a credential; none of it names a caller or a secret. */
export function serveHealth(http: FastifyInstance, health: Health, metrics: Metrics): void {
  http.get('/healthz', (_request, reply) => reply.code(health.live() ? 200 : 503).send({ ok: health.live() }))
  http.get('/readyz', async (_request, reply) => {
    const readiness = await health.ready()
    return reply.code(readiness.ok ? 200 : 503).send(readiness)
  })
  http.get('/metrics', (_request, reply) => reply.type(METRICS_CONTENT_TYPE).send(metrics.render()))
}
