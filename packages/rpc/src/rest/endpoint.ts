import { fieldEncoder, messageEncoder } from '../codec/encode.ts'
import type { RpcLimits } from '../config.ts'
import type { HttpBinding } from '../http-rule/bindings.ts'
import type { Method } from '../method.ts'
import type { Answer, Pipeline } from '../pipeline.ts'
import { type ReadRequest, requestReader } from './bind.ts'

/** One HTTP binding with all that serving it takes. */
export interface Endpoint {
  readonly method: Method
  readonly read: ReadRequest
  readonly encode: (answer: Answer) => string
}

/** What serving a REST call needs beside its endpoint. */
export interface RestContext {
  readonly pipeline: Pipeline
  readonly limits: RpcLimits
}

export function createEndpoint(method: Method, binding: HttpBinding, limits: RpcLimits): Endpoint {
  const { responseField } = binding
  return {
    method,
    read: requestReader(method.input, binding, limits.maxJsonDepth),
    encode: responseField === undefined ? messageEncoder(method.output) : fieldEncoder(responseField),
  }
}
