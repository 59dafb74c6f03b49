import { type DescMessage, type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { type Rule, rule } from '@mainstay/proto/access/v1/rule'
import { idempotent, max_body_bytes, success_status } from '@mainstay/proto/rpc/v1'
import type { RpcLimits } from './config.ts'
import { type HttpBinding, httpBindings } from './http-rule/bindings.ts'
import type { Implementation, MethodImplementation } from './implement.ts'

/** A method with all that its contract says about it, read once at start. */
export interface Method {
  readonly descriptor: DescMethod
  /** `mainstay.notify.v1.Notify/SendNotification`. */
  readonly name: string
  readonly rule: Rule
  readonly idempotent: boolean
  readonly ownsIdempotency: boolean
  /** Whether it answers with a stream. */
  readonly streams: boolean
  /** The HTTP status of success over REST. */
  readonly successStatus: number
  /** The largest body of a request, where that is more than other methods take; 0: as much as they. */
  readonly maxBodyBytes: number
  readonly bindings: readonly HttpBinding[]
  readonly input: DescMessage
  readonly output: DescMessage
  readonly handle: MethodImplementation['handle']
}

/**
 * Reads the methods of all implementations. A contract that lacks an access rule, or breaks the rules of HTTP bindings,
 * throws here: such a program does not start, and `npm run generate` refuses such a contract for the same reasons.
 */
export function describeMethods(implementations: readonly Implementation[]): Method[] {
  return implementations.flatMap(({ methods }) => methods.map(describeMethod))
}

function describeMethod({ method, ownsIdempotency, handle }: MethodImplementation): Method {
  const name = `${method.parent.typeName}/${method.name}`
  if (method.methodKind !== 'unary' && method.methodKind !== 'server_streaming') {
    throw new TypeError(`${name}: only unary methods and server streams are served`)
  }
  return {
    descriptor: method,
    name,
    rule: accessRuleOf(name, method),
    idempotent: getOption(method, idempotent),
    ownsIdempotency,
    streams: method.methodKind === 'server_streaming',
    successStatus: getOption(method, success_status) || 200,
    maxBodyBytes: getOption(method, max_body_bytes),
    bindings: httpBindings(method),
    input: method.input,
    output: method.output,
    handle,
  }
}

/** The largest body that a request of the method may have: its own limit, or the server's where that is larger. */
export function bodyLimit({ maxBodyBytes }: Method, limits: RpcLimits): number {
  return Math.max(limits.maxBodyBytes, maxBodyBytes)
}

/** The method's access rule. Throws when it has none, or one that says both "anybody" and "these". */
export function accessRuleOf(name: string, method: DescMethod): Rule {
  if (!hasOption(method, rule)) throw new TypeError(`${name} has no access rule: say who may call it`)
  const found = getOption(method, rule)
  const restricted = found.permission !== '' || found.apiKeyScope !== '' || found.account
  if (found.public === restricted) {
    throw new TypeError(`${name}: an access rule is either public, for accounts, or names a permission`)
  }
  return found
}
