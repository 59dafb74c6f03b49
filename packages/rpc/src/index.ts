export { type CallContext, type Caller, nobody, type Protocol } from './call.ts'
export { type RpcLimits, rpcSettings } from './config.ts'
export type { GrpcServer } from './connect/grpc-server.ts'
export { createRpc, type Rpc, type RpcOptions } from './create-rpc.ts'
export { type DocsOptions, registerDocs } from './docs/register.ts'
export { reasons } from './errors.ts'
export { httpOptions } from './http-options.ts'
export {
  type Handlers,
  type Implementation,
  type ImplementOptions,
  implement,
  type StreamHandler,
  type UnaryHandler,
} from './implement.ts'
export type { IdempotencyPort, Ports } from './ports.ts'
export { newRequestId } from './request-id.ts'
export { requestReader } from './request-reader.ts'
export { errorBody, httpStatus } from './rest/error-body.ts'
export { createValidate, type Validate } from './validate/validate.ts'
