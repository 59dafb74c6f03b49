import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'
import type { CallContext } from './call.ts'

/** Answers one unary call. What it throws goes through `toAppError`. */
export type UnaryHandler<M extends DescMethodUnary> = (
  request: MessageShape<M['input']>,
  ctx: CallContext,
) => Promise<MessageInitShape<M['output']>> | MessageInitShape<M['output']>

/** Answers one call with many messages. Its `return()` is called when the caller goes away. */
export type StreamHandler<M extends DescMethodServerStreaming> = (
  request: MessageShape<M['input']>,
  ctx: CallContext,
) => AsyncIterable<MessageInitShape<M['output']>>

/** One handler per method of the service, by its camelCase name. */
export type Handlers<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary
    ? UnaryHandler<S['method'][K]>
    : S['method'][K] extends DescMethodServerStreaming
      ? StreamHandler<S['method'][K]>
      : never
}

export interface ImplementOptions<S extends DescService> {
  /**
   * Methods that record the idempotency key in their own transaction, from `ctx.idempotency`. The pipeline then only
   * checks the key's form and hashes the request. They set `Idempotent-Replayed` on a repeated answer themselves.
   */
  ownsIdempotency?: readonly (keyof S['method'] & string)[]
}

/** A method with the function that answers it, its types worn off. */
export interface MethodImplementation {
  readonly method: DescMethod
  readonly ownsIdempotency: boolean
  readonly handle: (request: Message, ctx: CallContext) => unknown
}

/** A service with all its handlers, ready for `createRpc`. */
export interface Implementation {
  readonly service: DescService
  readonly methods: readonly MethodImplementation[]
}

/** Binds handlers to a service. Every method needs one; a missing one throws at start, not at its first call. */
export function implement<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
  options: ImplementOptions<S> = {},
): Implementation {
  const byName = handlers as unknown as Record<string, MethodImplementation['handle'] | undefined>
  const missing = service.methods.filter((method) => typeof byName[method.localName] !== 'function')
  if (missing.length > 0) {
    throw new TypeError(
      `${service.typeName} has no handler for ${missing.map((method) => method.name).join(', ')}`,
    )
  }
  const owners: readonly string[] = options.ownsIdempotency ?? []
  return {
    service,
    methods: service.methods.map((method) => ({
      method,
      ownsIdempotency: owners.includes(method.localName),
      handle: byName[method.localName] as MethodImplementation['handle'],
    })),
  }
}
