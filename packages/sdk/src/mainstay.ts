import { Access } from '@mainstay/proto/access/v1'
import { Notify } from '@mainstay/proto/notify/v1'
import { Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { Inbox } from '@mainstay/proto/notify/v1/inbox'
import { Preferences } from '@mainstay/proto/notify/v1/preferences'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { Schedules } from '@mainstay/proto/notify/v1/schedules'
import { Tracking } from '@mainstay/proto/notify/v1/tracking'
import { Workflows } from '@mainstay/proto/notify/v1/workflows'
import { System } from '@mainstay/proto/system/v1'
import { type Client, createClient } from './client.ts'
import type { TransportOptions } from './transport.ts'

/** How to reach a server, and as whom. */
export interface MainstayOptions {
  /** The server's address, for example `https://mainstay.example.com`. Default: `http://127.0.0.1:8080`. */
  baseUrl?: string | undefined
  /** An API key, `msk_live_…` or `msk_test_…`. Keep it out of browsers. */
  apiKey?: string | undefined
  /** The project an operator speaks for, by id or slug. An API key has its own. */
  project?: string | (() => string | undefined) | undefined
  /** How long one try may take, in milliseconds. Default: 30,000. */
  timeoutMs?: number | undefined
  /** How often a call is tried again. Default: 2. Calls that change state repeat with the same idempotency key. */
  maxRetries?: number | undefined
  /** Whether the browser sends its cookies, for operators. Default: the browser's own. */
  credentials?: 'omit' | 'same-origin' | 'include'
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch
  /** Further headers on every call. */
  headers?: Record<string, string>
}

/** The clients of every capability. */
export interface Mainstay {
  access: Client<typeof Access>
  campaigns: Client<typeof Campaigns>
  notify: Client<typeof Notify>
  preferences: Client<typeof Preferences>
  schedules: Client<typeof Schedules>
  system: Client<typeof System>
  inbox: Client<typeof Inbox>
  recipients: Client<typeof Recipients>
  tracking: Client<typeof Tracking>
  workflows: Client<typeof Workflows>
}

/**
 * Makes a client for a Mainstay server; it opens no connection by itself.
 *
 * Calls that change state carry an idempotency key, so that a repeat after a lost answer has no second effect.
 * Lists are pages when awaited and all items when iterated over. Failures are `MainstayError`s.
 */
export function createMainstay(options: MainstayOptions = {}): Mainstay {
  const { project } = options
  const transport: TransportOptions = {
    baseUrl: (options.baseUrl ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    timeoutMs: options.timeoutMs ?? 30_000,
    maxRetries: options.maxRetries ?? 2,
    ...(options.credentials ? { credentials: options.credentials } : {}),
    headers() {
      const named = typeof project === 'function' ? project() : project
      return {
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
        ...(named ? { 'mainstay-project': named } : {}),
        ...options.headers,
      }
    },
  }
  return {
    access: createClient(Access, transport),
    campaigns: createClient(Campaigns, transport),
    notify: createClient(Notify, transport),
    preferences: createClient(Preferences, transport),
    schedules: createClient(Schedules, transport),
    system: createClient(System, transport),
    inbox: createClient(Inbox, transport),
    recipients: createClient(Recipients, transport),
    tracking: createClient(Tracking, transport),
    workflows: createClient(Workflows, transport),
  }
}
