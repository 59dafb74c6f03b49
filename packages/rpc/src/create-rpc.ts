import type { Logger, Metrics } from '@mainstay/kernel'
import type { FastifyInstance } from 'fastify'
import type { RpcLimits } from './config.ts'
import type { Implementation } from './implement.ts'
import { describeMethods, type Method } from './method.ts'
import { createPipeline } from './pipeline.ts'
import type { Ports } from './ports.ts'
import { registerRest } from './rest/register.ts'
import { createValidate } from './validate.ts'

export interface RpcOptions {
  implementations: readonly Implementation[]
  ports: Ports
  logger: Logger
  metrics: Metrics
  /** The values of `rpcSettings`. */
  limits: RpcLimits
}

export interface Rpc {
  readonly methods: readonly Method[]
  registerHttp(app: FastifyInstance): void
}

/** Everything that is served, from its implementations. Throws when a contract is not fit to be served. */
export function createRpc({ implementations, ports, logger, metrics, limits }: RpcOptions): Rpc {
  const methods = describeMethods(implementations)
  const pipeline = createPipeline({ ports, logger, metrics, validate: createValidate() })
  return {
    methods,
    registerHttp: (app) => registerRest(app, methods, pipeline, limits.requestTimeoutMs),
  }
}
