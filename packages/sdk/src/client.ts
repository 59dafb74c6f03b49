import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromJson,
  type JsonObject,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf'
import { MainstayError } from './errors.ts'
import { routeOf } from './route.ts'
import {
  backoffMs,
  type CallOptions,
  call,
  pause,
  stream,
  type TransportOptions,
  type WireRequest,
} from './transport.ts'

/** The items of a list answer: the elements of its one repeated field of messages. */
type Item<O> = {
  [K in keyof O]-?: O[K] extends (infer E extends Message)[] ? E : never
}[keyof O]

/** A page, when awaited; every item of every page, when iterated over. */
export type PagePromise<O> = Promise<O> & AsyncIterable<Item<O>>

type Answer<O> = O extends { nextPageToken: string } ? PagePromise<O> : Promise<O>

/** The methods of a service, typed from its contract. */
export type Client<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary<infer I, infer O>
    ? (request?: MessageInitShape<I>, options?: CallOptions) => Answer<MessageShape<O>>
    : S['method'][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request?: MessageInitShape<I>, options?: CallOptions) => AsyncGenerator<MessageShape<O>>
      : never
}

/** Makes the methods of a service callable. */
export function createClient<S extends DescService>(service: S, transport: TransportOptions): Client<S> {
  const client: Record<string, unknown> = {}
  for (const method of service.methods) {
    client[method.localName] =
      method.methodKind === 'server_streaming'
        ? (request?: object, options?: CallOptions) => follow(transport, method, request ?? {}, options ?? {})
        : (request?: object, options?: CallOptions) => unary(transport, method, request ?? {}, options ?? {})
  }
  return client as Client<S>
}

type Fields = Record<string, unknown>

function unary(transport: TransportOptions, method: DescMethod, request: object, options: CallOptions) {
  // One key for all the tries of a call, so that a repeat after a lost answer has no second effect.
  const key = options.idempotencyKey ?? (routeOf(method).takesKey ? crypto.randomUUID() : undefined)
  const send = async (fields: object): Promise<Fields> => {
    const body = await call(transport, wireRequest(method, fields, options, key))
    return fromJson(method.output, body, {
      ignoreUnknownFields: true,
    }) as unknown as Fields
  }
  const list = method.output.fields.find(
    (field) => field.fieldKind === 'list' && field.listKind === 'message',
  )
  if (!list || !method.output.field.nextPageToken) return send(request)
  let first: Promise<Fields> | undefined
  const firstPage = () => {
    first ??= send(request)
    return first
  }
  // A page promise is lazy, so that iterating and awaiting share one request.
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is a promise on purpose: awaiting a list gives its first page
    then: (...handlers: Parameters<Promise<Fields>['then']>) => firstPage().then(...handlers),
    catch: (handler: Parameters<Promise<Fields>['catch']>[0]) => firstPage().catch(handler),
    finally: (handler: Parameters<Promise<Fields>['finally']>[0]) => firstPage().finally(handler),
    [Symbol.toStringTag]: 'PagePromise',
    async *[Symbol.asyncIterator]() {
      let page = await firstPage()
      while (true) {
        yield* page[list.localName] as unknown[]
        if (page.nextPageToken === '') return
        page = await send({ ...request, pageToken: page.nextPageToken })
      }
    },
  }
}

/**
 * Reads a server stream. Where the contract has a `resume_token`, a broken connection is opened again after the last
 * message that was read, for as long as the caller listens; a refusal by the server ends it.
 */
async function* follow(
  transport: TransportOptions,
  method: DescMethod,
  request: object,
  options: CallOptions,
) {
  const resumable = method.input.field.resumeToken && method.output.field.resumeToken
  let fields: Fields = { ...request }
  for (let failures = 0; ; failures++) {
    try {
      for await (const line of stream(transport, wireRequest(method, fields, options, undefined))) {
        const message = fromJson(method.output, line, {
          ignoreUnknownFields: true,
        }) as unknown as Fields
        failures = 0
        if (resumable && message.resumeToken !== '') fields = { ...fields, resumeToken: message.resumeToken }
        yield message
      }
      if (!resumable) return
    } catch (error) {
      if (!resumable || !(error instanceof MainstayError) || !isBroken(error)) throw error
    }
    await pause(backoffMs(failures), options.signal)
  }
}

function isBroken(error: MainstayError): boolean {
  // A server that stops says so in the stream itself, whose status was 200.
  return error.code === 'unavailable' || error.status === 502
}

function wireRequest(
  method: DescMethod,
  fields: object,
  options: CallOptions,
  key: string | undefined,
): WireRequest {
  const route = routeOf(method)
  const input: DescMessage = method.input
  const json = toJson(input, create(input, fields as MessageInitShape<DescMessage>)) as JsonObject
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
  return {
    verb: route.verb,
    ...route.build(json),
    retryable: route.idempotent,
    headers,
    options,
  }
}
