import { setMaxListeners } from 'node:events'
import type { Logger, Metrics } from '@mainstay/kernel'
import type { FastifyInstance } from 'fastify'
import type { RpcLimits } from './config.ts'
import { createGrpcServer, type GrpcServer } from './connect/grpc-server.ts'
import { registerConnect } from './connect/register.ts'
import { refuse } from './errors.ts'
import { answerOutside } from './http-answer.ts'
import type { Implementation } from './implement.ts'
import { describeMethods, type Method } from './method.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import type { Ports } from './ports.ts'
import { registerRest } from './rest/register.ts'
import { createValidate } from './validate/validate.ts'

export interface RpcOptions {
  implementations: readonly Implementation[]
  ports: Ports
  logger: Logger
  metrics: Metrics
  /** The values of `rpcSettings`. */
  limits: RpcLimits
}

/** Everything that is served, over every protocol. */
export interface Rpc {
  readonly methods: readonly Method[]
  /** Adds REST, Connect and gRPC-Web to a server made with `httpOptions`. Open streams end when it closes. */
  registerHttp(app: FastifyInstance): void
  createGrpcServer(): GrpcServer
}

/** Puts the pipeline around the handlers. Throws when a contract is not fit to be served. */
export function createRpc({ implementations, ports, logger, metrics, limits }: RpcOptions): Rpc {
  const methods = describeMethods(implementations)
  const stopping = new AbortController()
  // One listener per open stream is what it is for.
  setMaxListeners(0, stopping.signal)
  const pipeline = createPipeline({
    ports,
    logger,
    metrics,
    validate: createValidate(methods.map(({ input }) => input)),
    stopping: stopping.signal,
  })
  return {
    methods,
    registerHttp(app) {
      app.addHook('preClose', async () => stopping.abort())
      limitUrls(app, pipeline, limits.maxUrlBytes)
      registerRest(app, methods, { pipeline, limits })
      registerConnect(app, methods, pipeline, limits)
    },
    createGrpcServer() {
      const server = createGrpcServer(methods, pipeline, limits, logger)
      return {
        ...server,
        close() {
          stopping.abort()
          return server.close()
        },
      }
    },
  }
}

/** Refuses a path and query that are too long, whatever they lead to. Node holds them to latin-1: a character is a byte. */
function limitUrls(app: FastifyInstance, pipeline: Pipeline, maxUrlBytes: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    if ((request.raw.url ?? '').length <= maxUrlBytes) done()
    else {
      const error = refuse('rpc.url_too_long', `The path and query are longer than ${maxUrlBytes} bytes.`)
      answerOutside(pipeline, request, reply, error)
    }
  })
}
