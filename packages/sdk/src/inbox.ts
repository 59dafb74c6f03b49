/**
 * `@mainstay/sdk/inbox`: the client for a recipient's own browser or app. It knows one service and speaks plain JSON, so that a
 * page does not carry the contracts of all the others.
 */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { isReason, MainstayError } from './errors.ts'
import { backoffMs, call, pause, stream, type TransportOptions, type WireRequest } from './transport.ts'

export { isReason, MainstayError }

/** Something that the recipient was told. Times are RFC 3339; what is not set is an empty text. */
export interface InboxItem {
  itemId: string
  messageId: string
  title: string
  body: string
  actionUrl: string
  actionLabel: string
  imageUrl: string
  icon: string
  severity: 'info' | 'success' | 'warning' | 'critical'
  /** What your app sent along for itself. */
  data: JsonObject
  groupKey: string
  category: string
  createTime: string
  seenTime: string
  readTime: string
  archiveTime: string
}

/** How much of the inbox is new, exactly. */
export interface InboxCounts {
  unreadCount: number
  unseenCount: number
  currentCount: number
}

/** `current`: all that were not put away. */
export type InboxView = 'current' | 'unread' | 'archived' | 'everything'

export type InboxAction = 'seen' | 'read' | 'unread' | 'archive' | 'unarchive'

export interface InboxPage {
  /** Newest first. */
  items: InboxItem[]
  /** Empty on the last page. */
  nextPageToken: string
  counts: InboxCounts
  /** For `watch`: everything that changed after this page was read. */
  resumeToken: string
}

export interface InboxListRequest {
  view?: InboxView
  category?: string
  groupKey?: string
  /** 1 to 500. Default: 50. */
  pageSize?: number
  pageToken?: string
}

/** Which items: some by id, at most 500, or all up to a time. */
export type InboxMark =
  | { itemIds: readonly string[] }
  | { all: true; untilTime?: string; category?: string; groupKey?: string }

/** An inbox changed. With none of the three nothing but the counts did, or the stream is alive. */
export interface InboxChange {
  item?: InboxItem
  deletedItemId?: string
  /** All that came in up to a time were marked. */
  sweep?: { action: InboxAction; untilTime: string; markTime: string; category: string; groupKey: string }
  counts: InboxCounts
  resumeToken: string
}

export interface InboxClientOptions {
  /** The server's address. Default: the page's own origin. */
  baseUrl?: string
  /** A token of `CreateInboxToken`, or what gets one from your server: it is asked again when a token has ended. */
  token: string | (() => string | Promise<string>)
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch
}

/** One recipient's inbox. Failures are `MainstayError`s. */
export interface InboxClient {
  list(request?: InboxListRequest, signal?: AbortSignal): Promise<InboxPage>
  counts(signal?: AbortSignal): Promise<InboxCounts>
  mark(action: InboxAction, which: InboxMark): Promise<InboxCounts>
  remove(itemId: string): Promise<InboxCounts>
  /**
   * What changes, as it happens, until `signal` aborts. Broken connections and tokens that end are mended without a gap. Throws
   * `notify.resume_token_invalid` after a day away: list again then.
   */
  watch(options: {
    resumeToken: string
    signal: AbortSignal
    /** Called with false when the connection breaks, and with true when it is there. */
    onConnection?: (isLive: boolean) => void
  }): AsyncGenerator<InboxChange>
}

export function createInboxClient(options: InboxClientOptions): InboxClient {
  const tokens = keepToken(options.token)
  const transport: TransportOptions = {
    baseUrl: (options.baseUrl ?? ownOrigin()).replace(/\/+$/, ''),
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    // The token is in a header; cookies have no business here.
    credentials: 'omit',
    timeoutMs: 30_000,
    maxRetries: 2,
    headers: async () => ({ authorization: `Bearer ${await tokens.get()}` }),
  }

  /** A token that has ended is replaced once; whatever the new one is refused for is told. */
  async function ask(request: WireRequest): Promise<Json> {
    const token = tokens.current()
    try {
      return (await call(transport, request)) as Json
    } catch (error) {
      if (!isTokenOver(error) || !tokens.renew(token)) throw error
      return (await call(transport, request)) as Json
    }
  }

  return {
    async list({ view = 'current', ...request } = {}, signal) {
      const query = new URLSearchParams({ view: `INBOX_VIEW_${view.toUpperCase()}` })
      for (const [name, value] of Object.entries(request)) if (value) query.set(name, String(value))
      const page = await ask(get(`/v1/inbox/items?${query}`, signal))
      return {
        items: ((page.items ?? []) as Json[]).map(toItem),
        nextPageToken: textOf(page.nextPageToken),
        counts: toCounts(page.counts),
        resumeToken: textOf(page.resumeToken),
      }
    },
    async counts(signal) {
      return toCounts((await ask(get('/v1/inbox/counts', signal))) as JsonObject)
    },
    async mark(action, which) {
      const body = { action: `INBOX_ACTION_${action.toUpperCase()}`, ...which } as unknown as JsonValue
      return toCounts((await ask(change('POST', '/v1/inbox/items:mark', body))).counts)
    },
    async remove(itemId) {
      const path = `/v1/inbox/items/${encodeURIComponent(itemId)}`
      return toCounts((await ask(change('DELETE', path, undefined))).counts)
    },
    async *watch({ resumeToken, signal, onConnection }) {
      let last = resumeToken
      for (let failures = 0; !signal.aborted; failures++) {
        const token = tokens.current()
        try {
          const path = `/v1/inbox:watch?${new URLSearchParams({ resumeToken: last })}`
          for await (const line of stream(transport, get(path, signal))) {
            failures = 0
            onConnection?.(true)
            const told = toChange(line as Json)
            last = told.resumeToken || last
            yield told
          }
        } catch (error) {
          if (signal.aborted) return
          const isMended = isTokenOver(error) ? tokens.renew(token) : isBroken(error)
          if (!isMended) throw error
        }
        onConnection?.(false)
        await pause(backoffMs(failures), signal).catch(() => undefined)
      }
    },
  }
}

type Json = Record<string, JsonValue | undefined>

/** Of the page; empty where there is none. */
function ownOrigin(): string {
  return (globalThis as { location?: { origin: string } }).location?.origin ?? ''
}

/** Asks for a token when it is needed, once for all who wait for it. */
function keepToken(token: InboxClientOptions['token']) {
  let held: Promise<string> | undefined
  return {
    current: () => held,
    get: () => {
      if (typeof token === 'string') return Promise.resolve(token)
      if (held !== undefined) return held
      const asked = Promise.resolve().then(token).catch(noToken)
      held = asked
      // One that could not be had is asked for again.
      asked.catch(() => {
        if (held === asked) held = undefined
      })
      return asked
    },
    /** Gives up the token that was used, unless another one has taken its place. False where there can be no other. */
    renew(used: Promise<string> | undefined): boolean {
      if (typeof token === 'string') return false
      if (held === used) held = undefined
      return true
    },
  }
}

function noToken(cause: unknown): never {
  const message = 'Your server gave no token for the inbox.'
  throw new MainstayError({ code: 'unavailable', reason: 'sdk.network', message, status: 0, cause })
}

/** It has ended, or the server has another key since. */
function isTokenOver(error: unknown): boolean {
  return (
    isReason(error, 'access.recipient_token_expired') || isReason(error, 'access.recipient_token_invalid')
  )
}

function isBroken(error: unknown): boolean {
  return error instanceof MainstayError && (error.code === 'unavailable' || error.status >= 502)
}

function get(path: string, signal: AbortSignal | undefined): WireRequest {
  const options = signal === undefined ? {} : { signal }
  return { verb: 'GET', path, body: undefined, retryable: true, headers: {}, options }
}

/** One key for all the tries of a call, so that a repeat after a lost answer has no second effect. */
function change(verb: string, path: string, body: JsonValue | undefined): WireRequest {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  return { verb, path, body, retryable: true, headers, options: {} }
}

function toItem(json: Json): InboxItem {
  return {
    itemId: textOf(json.itemId),
    messageId: textOf(json.messageId),
    title: textOf(json.title),
    body: textOf(json.body),
    actionUrl: textOf(json.actionUrl),
    actionLabel: textOf(json.actionLabel),
    imageUrl: textOf(json.imageUrl),
    icon: textOf(json.icon),
    severity: (nameOf(json.severity, 'INBOX_SEVERITY_') || 'info') as InboxItem['severity'],
    data: (json.data ?? {}) as JsonObject,
    groupKey: textOf(json.groupKey),
    category: textOf(json.category),
    createTime: textOf(json.createTime),
    seenTime: textOf(json.seenTime),
    readTime: textOf(json.readTime),
    archiveTime: textOf(json.archiveTime),
  }
}

function toCounts(json: JsonValue | undefined): InboxCounts {
  const { unreadCount = 0, unseenCount = 0, currentCount = 0 } = (json ?? {}) as Partial<InboxCounts>
  return { unreadCount, unseenCount, currentCount }
}

function toChange(json: Json): InboxChange {
  const { item, deletedItemId, sweep } = json as { item?: Json; deletedItemId?: string; sweep?: Json }
  return {
    ...(item && { item: toItem(item) }),
    ...(deletedItemId && { deletedItemId }),
    ...(sweep && {
      sweep: {
        action: nameOf(sweep.action, 'INBOX_ACTION_') as InboxAction,
        untilTime: textOf(sweep.untilTime),
        markTime: textOf(sweep.markTime),
        category: textOf(sweep.category),
        groupKey: textOf(sweep.groupKey),
      },
    }),
    counts: toCounts(json.counts),
    resumeToken: textOf(json.resumeToken),
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function nameOf(value: JsonValue | undefined, prefix: string): string {
  return textOf(value).replace(prefix, '').toLowerCase()
}
