import type { Trace, Tx } from '@mainstay/kernel'

/** Which wire the call came over. */
export type Protocol = 'rest' | 'connect' | 'grpc' | 'grpc-web'

/** Whoever makes a request, as the authenticate port says. */
export interface Caller {
  kind: 'anonymous' | 'api_key' | 'operator' | 'recipient' | 'account' | 'service'
  /** The key's, operator's, account's or recipient's id, for logs and audit: `key_…`, `opr_…`, `acc_…`; a recipient's is the company's own. Empty for nobody. */
  id: string
  /** The project the caller speaks for, as a uuid. */
  projectId?: string
  /** What an API key may do: `notify:send`, `*`. */
  scopes: ReadonlySet<string>
  /** What an operator may do: `notify.messages.list`, `*`. */
  permissions: ReadonlySet<string>
  /** A name for people: the key's display name, the operator's name. */
  display: string
  /** Whether a test key calls: nothing real may move. */
  testMode: boolean
}

/** Who calls before anybody has said who they are, and for good on public methods. */
export const nobody: Caller = Object.freeze({
  kind: 'anonymous',
  id: '',
  scopes: new Set<string>(),
  permissions: new Set<string>(),
  display: 'anonymous',
  testMode: false,
})

/** What a handler knows of the call beside its request message. */
export interface CallContext {
  readonly caller: Caller
  /** The project's uuid; empty for methods that are not about one project. */
  readonly projectId: string
  readonly trace: Trace
  /** `req_…`; the `X-Request-Id` of the answer. */
  readonly requestId: string
  /** Aborts when the caller goes away or the deadline passes. Made on first use: reading it costs a little. */
  readonly signal: AbortSignal
  /** `mainstay.notify.v1.Notify/SendNotification`. */
  readonly method: string
  readonly protocol: Protocol
  /** The caller's address, as far as proxies that we trust tell. */
  readonly clientAddress: string
  /** Milliseconds since 1970 at which the caller stops waiting. `Infinity` for streams without one. */
  readonly deadlineMs: number
  /** Set when the caller sent an `Idempotency-Key` to an idempotent method. The hash is SHA-256 of method and request. */
  readonly idempotency?: { readonly key: string; readonly requestHash: Uint8Array } | undefined
  /** The transaction that the idempotency port opened; the handler's effect belongs into it. */
  readonly tx?: Tx | undefined
  /** A request header; the name is lower case. Repeated ones are joined by `, `. */
  header(name: string): string | undefined
  /** Sets a header of the answer. `set-cookie` adds up, every other one replaces. */
  setHeader(name: string, value: string): void
}
