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
  | { outcome: 'rejected_permanent'; reply: string }
  | {
      outcome: 'rejected_transient'
      reply: string
      /** How long the provider asked us to wait. */
      retryAfterMs?: number
      /** The account is at fault, not the message: sign-in refused, host not found, certificate not trusted. */
      accountFault?: boolean
    }
  | { outcome: 'unknown'; reply: string }

/** One email, rendered and addressed, as an adapter gets it. */
export interface OutgoingEmail {
  /** `msg_…`: the same at every attempt; an adapter with an idempotency key sends this one. */
  messageId: string
  /** The project's uuid. */
  projectId: string
  /** `ntf_…` */
  notificationId: string
  /** The sender's mailbox, `Acme <hello@acme.example>` or the bare address. */
  from: string
  /** One bare address. */
  to: string
  subject: string
  /** May be empty when `html` is not. */
  text: string
  /** May be empty when `text` is not. */
  html: string
  /** Headers beyond those that the adapter makes itself. */
  headers: Readonly<Record<string, string>>
  class: 'otp' | 'transactional' | 'bulk'
  /** From 1 on. */
  attempt: number
  /** W3C trace context, handed on where the provider's protocol has a place for it. */
  traceparent?: string
}

/** An open line to one provider account: pooled connections, made by `ProviderAdapter.connect`. */
export interface ProviderClient {
  /**
   * Hands over one email. Never throws for what a provider or the network does: that is what the result is for.
   * An abort before anything was sent is `rejected_transient`; an abort after that is `unknown`.
   */
  send(email: OutgoingEmail, signal: AbortSignal): Promise<ProviderResult>
  /** Connects and signs in; sends nothing. */
  verify(): Promise<{ ok: boolean; detail: string }>
  /** Lets sends under way end, then closes every connection. A client that was closed refuses to send. */
  close(): Promise<void>
}

/** What a kind of provider promises, as data that routing and the unknown policy decide on. */
export interface ProviderSemantics {
  /** It takes an idempotency key: a call whose answer was lost may be repeated with the same key. */
  idempotencyKey: boolean
  /** It can be asked later what became of a message. */
  lookup: boolean
  /** Messages handed to it never leave this installation. */
  sandbox: boolean
}

/** One kind of provider. Every kind has this shape and passes the same outcome tests. */
export interface ProviderAdapter<Config> {
  readonly kind: string
  readonly channel: 'email'
  readonly semantics: ProviderSemantics
  connect(config: Config): ProviderClient
}
