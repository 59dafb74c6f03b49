import type { DescService } from '@bufbuild/protobuf'
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

/**
 * Makes clients of the services that it is given, and of no others: for browsers, where the contracts of services that a page
 * does not call are better left out.
 */
export function createConnector(
  options: MainstayOptions = {},
): <S extends DescService>(service: S) => Client<S> {
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
  return (service) => createClient(service, transport)
}
