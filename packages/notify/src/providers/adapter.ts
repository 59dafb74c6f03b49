import type { Outgoing, OutgoingOf, ProviderChannel } from './outgoing.ts'
import type { ReportReader } from './reports.ts'

/**
 * How one call to a provider ended. The four cases are all there is, and the difference between them is what the
 * promise "once" stands on:
 *
 * - `accepted`: the provider said it took the message.
 * - `rejected_permanent`: it said no, and would say no again. Nothing was sent.
 * - `rejected_transient`: it said no for now, or was never asked. Nothing was sent; another try is safe.
 * - `unknown`: it was asked and its answer was lost. The message may or may not have gone out.
 */
export type ProviderResult =
  | { outcome: 'accepted'; providerMessageId?: string; reply: string }
  | {
      outcome: 'rejected_permanent'
      reply: string
      /** The address is at fault and will stay so: a device that is gone, a number that does not exist. */
      addressFault?: boolean
    }
  | {
      outcome: 'rejected_transient'
      reply: string
      /** How long the provider asked us to wait. */
      retryAfterMs?: number
      /** The account is at fault, not the message: sign-in refused, host not found, certificate not trusted. */
      accountFault?: boolean
    }
  | { outcome: 'unknown'; reply: string }

/** What a provider says later of a message whose answer was lost. `unknown`: it cannot tell. */
export type LookupResult =
  | { outcome: 'sent'; providerMessageId?: string; reply: string }
  | { outcome: 'not_sent'; reply: string }
  | { outcome: 'unknown'; reply: string }

/** An open line to one provider account: pooled connections, made by `ProviderAdapter.connect`. */
export interface ProviderClient<M extends Outgoing = Outgoing> {
  /**
   * Hands over one message. Never throws for what a provider or the network does: that is what the result is for.
   * An abort before anything was sent is `rejected_transient`; an abort after that is `unknown`.
   */
  send(message: M, signal: AbortSignal): Promise<ProviderResult>
  /** Asks what became of a message; there where `semantics.lookup` says so. Never throws, like `send`. */
  lookup?(message: M, signal: AbortSignal): Promise<LookupResult>
  /** Connects and signs in; sends nothing. */
  verify(): Promise<{ ok: boolean; detail: string }>
  /** Lets sends under way end, then closes every connection. A client that was closed refuses to send. */
  close(): Promise<void>
}

/** What a kind of provider promises, as data that routing and the unknown policy decide on. */
export interface ProviderSemantics {
  /**
   * For how long it recognises a repeated call by its idempotency key: one whose answer was lost may be repeated with the
   * same key until then. 0: it takes none.
   */
  idempotencyWindowMs: number
  /** It can be asked later what became of a message. */
  lookup: boolean
  /** It reports what became of messages, signed, and names ours in the report. */
  reports: boolean
  /** What its price is per. */
  priceUnit: 'message' | 'segment' | 'free'
  /** Messages a second that it takes of a new account, as documented; 0: it names no limit. */
  messagesPerSecond: number
  /** Messages handed to it never leave this installation. */
  sandbox: boolean
}

/** One kind of provider. Every kind has this shape and passes the same outcome tests. */
export interface ProviderAdapter<Config, C extends ProviderChannel = ProviderChannel> {
  readonly kind: string
  readonly channels: readonly C[]
  readonly semantics: ProviderSemantics
  /** Reads what the provider reports later; there where `semantics.reports` says so. */
  readonly reports?: ReportReader<Config>
  connect(config: Config): ProviderClient<OutgoingOf<C>>
}
