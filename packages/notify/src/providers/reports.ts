/** What a provider tells later about a message that it took. */
export interface ProviderEvent {
  /** The provider's own id of this event, or one made of what identifies it: the same when it is told again. */
  eventId: string
  kind: ProviderEventKind
  /** When it happened, in milliseconds since 1970. */
  timeMs: number
  /** `msg_…`, where the provider carries it. */
  messageId?: string
  providerMessageId?: string
  /** The address it is about, for the suppression list. */
  address?: string
  /** The provider's words, or its code, for people. */
  detail: string
}

/**
 * - `sent`, `delivered`, `read`: how far it came.
 * - `bounced`: refused for good after it was taken; the address is not to be written to again.
 * - `failed`: not delivered, for a reason that says nothing about the address.
 * - `complained`: the recipient called it spam. `unsubscribed`: asked for no more.
 * - `opened`, `clicked`: what the recipient did.
 */
export type ProviderEventKind =
  | 'sent'
  | 'delivered'
  | 'read'
  | 'bounced'
  | 'failed'
  | 'complained'
  | 'unsubscribed'
  | 'opened'
  | 'clicked'

/** A provider's call to us, as it came. */
export interface ReportRequest {
  method: string
  /** The whole public URL that the provider called: some signatures cover it. */
  url: string
  /** By lower-case name. */
  headers: Readonly<Record<string, string | undefined>>
  /** The bytes that were signed. */
  body: Buffer
  receivedMs: number
}

/** Events, perhaps with an answer that the provider waits for; or why the call is not believed, which is answered 401. */
export type Reports =
  | { events: readonly ProviderEvent[]; reply?: { status: number; contentType: string; body: string } }
  | { forged: string }

/**
 * Verifies and reads a provider's calls. The signature is checked over the raw bytes, in constant time, before anything is
 * parsed; an event it does not know is left out; a body that is signed but malformed throws `ReportMalformed`.
 */
export interface ReportReader<Config> {
  /** Its reports name messages by the provider's own id alone, so that they cannot settle a lost answer. Default: by ours. */
  readonly namesItsOwnIdOnly?: true
  read(request: ReportRequest, config: Config): Reports | Promise<Reports>
}

/** A signed report that is not in the provider's documented form: answered 400, kept and counted. */
export class ReportMalformed extends Error {}
