/** The name and shape of one kind of event; exported by the capability that publishes it. */
export interface EventToken<P = unknown> {
  /** `capability.what_happened`, in the past tense: `files.uploaded`. Also the topic in the outbox. */
  readonly name: string
  /** What orders it: events of one key reach each group in the order they were published. */
  key(payload: P): string | undefined
  /** Turns stored JSON back into the payload; throws when it is not one. */
  parse(json: unknown): P
}

export interface EventOptions<P> {
  /** Usually the id of the thing it happened to. Without it, events are handled in any order. */
  key?: (payload: P) => string | undefined
  /** Checks and converts what comes out of the outbox. Default: the JSON as it is. */
  parse?: (json: unknown) => P
}

export function defineEvent<P>(name: string, options: EventOptions<P> = {}): EventToken<P> {
  if (!/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(name)) {
    throw new TypeError(`An event is named capability.what_happened, got "${name}"`)
  }
  return Object.freeze({
    name,
    key: options.key ?? (() => undefined),
    parse: options.parse ?? ((json: unknown) => json as P),
  })
}

/** One event as a consumer gets it. */
export interface EventMessage<P = unknown> {
  /** UUIDv7, the same at every redelivery. */
  readonly id: string
  readonly name: string
  readonly key: string | undefined
  readonly payload: P
  readonly publishTime: Date
  /** 1 at the first try of this handler. */
  readonly attempt: number
}
