import type { LookupResult, ProviderAdapter, ProviderResult, ProviderSemantics } from './adapter.ts'
import { type AnswerRules, judgeExchange } from './http-outcome.ts'
import {
  createHttpSender,
  describeError,
  type HttpAnswer,
  type HttpRequest,
  type HttpSender,
  type HttpSenderOptions,
} from './http-sender.ts'
import type { OutgoingOf, ProviderChannel } from './outgoing.ts'
import type { ReportReader } from './reports.ts'

/** One thing that an account of a service is configured with: what forms show, what is checked, what is sealed. */
export interface ServiceField {
  label: string
  /** Where to find it, in one sentence. */
  help: string
  /** Sealed at rest, and never in an answer. */
  secret: boolean
  required: boolean
  /** Without it the service's reports cannot be believed, and are refused. */
  forReports?: true
  /** What it must look like, whole. */
  pattern?: RegExp
  /** The only values that it may have. The first is the default. */
  choices?: readonly string[]
  /** Default 4,096 characters. */
  maxLength?: number
}

export type ServiceFields = Readonly<Record<string, ServiceField>>

/** The values of an account: every field is there, empty where it was not given. */
export type ConfigOf<F extends ServiceFields> = { readonly [K in keyof F]: string }

/** Nothing is sent, because it cannot be: what the caller is told. */
export interface Unsendable {
  result: ProviderResult
}

/** This message can never be sent by this provider. */
export function unsendable(reply: string): Unsendable {
  return { result: { outcome: 'rejected_permanent', reply } }
}

/** No message can ever be sent to this: it is no address of the channel. */
export function notAnAddress(reply: string): Unsendable {
  return { result: { outcome: 'rejected_permanent', reply, addressFault: true } }
}

export interface ServiceContext {
  nowMs(): number
  /** Private addresses may be called, and `http://`. */
  allowPrivate: boolean
  /** For calls that come before the one that sends, such as fetching an access token. Same timeouts, same safety. */
  call(request: HttpRequest): ReturnType<HttpSender['send']>
}

/**
 * A provider with a documented HTTP API: how a message becomes a request, what its answers mean, and what it promises, as
 * data. One definition a kind; `createServiceAdapter` makes the adapter.
 */
export interface Service<F extends ServiceFields = ServiceFields, C extends ProviderChannel = ProviderChannel>
  extends AnswerRules {
  /** `sendgrid`, `twilio_sms`. Stored with accounts; never changes. */
  kind: string
  /** `Twilio (SMS)` */
  title: string
  channel: C
  /** Where the provider documents what is built on here. */
  documentation: string
  /** What its documentation promises. The rest follows from what is defined here: see `semanticsOf`. */
  semantics: Pick<ProviderSemantics, 'idempotencyWindowMs' | 'priceUnit' | 'messagesPerSecond'>
  fields: F
  /** What an account's sender is, for forms: `+14155550100, or a sender id of up to 11 letters`. */
  senderHelp: string
  /** Whether the text can be an account's sender. */
  isSender(sender: string): boolean
  /**
   * Whether an address has the form of those that it knows, where a channel has several: each push service makes tokens of its
   * own. Others are never handed to it. Default: it knows all of the channel's.
   */
  takes?(to: string): boolean
  /** How requests travel. Default: HTTP/1.1. */
  createSender?(options: HttpSenderOptions): HttpSender
  /** The request that sends; or why there is none. May throw: then nothing was sent. */
  request(
    message: OutgoingOf<C>,
    config: ConfigOf<F>,
    context: ServiceContext,
  ): HttpRequest | Unsendable | Promise<HttpRequest | Unsendable>
  /** A request that proves the credentials and sends nothing: 2xx is well. Undefined: the service has none. */
  verify?(config: ConfigOf<F>, context: ServiceContext): HttpRequest | Promise<HttpRequest>
  /** Whether the answer to `verify` is well, where more than 2xx is. */
  isVerified?(answer: HttpAnswer): boolean
  /** How it is asked what became of a message. Undefined: it cannot be. */
  lookup?: {
    request(
      message: OutgoingOf<C>,
      config: ConfigOf<F>,
      context: ServiceContext,
    ): HttpRequest | Promise<HttpRequest>
    read(answer: HttpAnswer, message: OutgoingOf<C>): LookupResult
  }
  /** Reads what it reports later. Undefined: it reports nothing. */
  reports?: ReportReader<ConfigOf<F>>
}

/** Keeps the names of the fields in the type, so that `config.apiKey` is known and a misspelt one is not. */
export function defineService<const F extends ServiceFields, C extends ProviderChannel>(
  service: Service<F, C>,
): Service<F, C> {
  return service
}

/** All that a service promises. */
export function semanticsOf({
  semantics,
  lookup,
  reports,
}: Pick<Service, 'semantics'> & { lookup?: unknown; reports?: unknown }): ProviderSemantics {
  return { ...semantics, lookup: lookup !== undefined, reports: reports !== undefined, sandbox: false }
}

export interface ServiceAdapterOptions extends HttpSenderOptions {
  nowMs(): number
  /** Benchmarks and tests: where a service's own address is found instead. */
  resolveUrl?: (url: string) => string
}

export function createServiceAdapter<F extends ServiceFields, C extends ProviderChannel>(
  service: Service<F, C>,
  options: ServiceAdapterOptions,
): ProviderAdapter<ConfigOf<F>, C> {
  const { kind, channel, reports } = service
  return {
    kind,
    channels: [channel],
    semantics: semanticsOf(service),
    ...(reports === undefined ? {} : { reports }),
    connect: (config) => connect(service, config, options),
  }
}

/** Credentials that are wrong are a fault of the account; a service that cannot be asked now proves nothing. */
function connect<F extends ServiceFields, C extends ProviderChannel>(
  service: Service<F, C>,
  config: ConfigOf<F>,
  options: ServiceAdapterOptions,
): ReturnType<ProviderAdapter<ConfigOf<F>, C>['connect']> {
  const sender = service.createSender?.(options) ?? createHttpSender(options)
  const resolve = options.resolveUrl ?? ((url: string) => url)
  const at = (request: HttpRequest): HttpRequest => ({ ...request, url: resolve(request.url) })
  const contextFor = (signal: AbortSignal): ServiceContext => ({
    nowMs: options.nowMs,
    allowPrivate: options.allowPrivate,
    call: (request) => sender.send(at(request), signal),
  })
  const { lookup } = service
  return {
    async send(message, signal) {
      let request: HttpRequest | Unsendable
      try {
        request = await service.request(message, config, contextFor(signal))
      } catch (error) {
        return { outcome: 'rejected_transient', reply: describeError(error), accountFault: true }
      }
      if ('result' in request) return request.result
      return judgeExchange(await sender.send(at(request), signal), options.nowMs(), service)
    },
    ...(lookup === undefined
      ? {}
      : {
          async lookup(message: OutgoingOf<C>, signal: AbortSignal): Promise<LookupResult> {
            try {
              const request = await lookup.request(message, config, contextFor(signal))
              const exchange = await sender.send(at(request), signal)
              if (exchange.case === 'answer') return lookup.read(exchange.answer, message)
              return { outcome: 'unknown', reply: exchange.reply }
            } catch (error) {
              return { outcome: 'unknown', reply: describeError(error) }
            }
          },
        }),
    async verify() {
      if (service.verify === undefined) {
        return { ok: true, detail: `${service.title} has no way to check credentials without sending.` }
      }
      const signal = AbortSignal.timeout(options.sendTimeoutMs)
      try {
        const exchange = await sender.send(at(await service.verify(config, contextFor(signal))), signal)
        if (exchange.case !== 'answer') return { ok: false, detail: exchange.reply }
        const { status } = exchange.answer
        const ok = service.isVerified?.(exchange.answer) ?? (status >= 200 && status < 300)
        return {
          ok,
          detail: ok
            ? `${service.title} knows these credentials.`
            : `${service.title} answers HTTP ${status}.`,
        }
      } catch (error) {
        return { ok: false, detail: describeError(error) }
      }
    },
    close: () => sender.close(),
  }
}
