import type { ProviderResult } from './adapter.ts'

/** An answer of an endpoint, as far as it was read. */
export interface HttpAnswer {
  status: number
  retryAfter: string | undefined
  /** The first bytes of the body. */
  body: string
}

/**
 * What an endpoint's answer means. This table is the contract with whoever writes one (docs/guides/email.md):
 *
 * | status | outcome |
 * | --- | --- |
 * | 2xx | accepted; `id` of a JSON body is the provider's id of the message |
 * | 408, 425, 429, 503 | transient: not taken; `Retry-After` is honoured |
 * | 401, 403, 404, 405, 407, 410 and 3xx | transient, account at fault: the endpoint or the token is wrong, not the message |
 * | 409 | unknown: an earlier call with the same key is still under way |
 * | other 4xx | permanent |
 * | other 5xx | unknown: it may have failed after it had sent |
 */
export function judgeAnswer(answer: HttpAnswer, nowMs: number): ProviderResult {
  const { status } = answer
  const reply = describe(answer)
  if (status >= 200 && status < 300) {
    const id = readId(answer.body)
    return { outcome: 'accepted', reply, ...(id === undefined ? {} : { providerMessageId: id }) }
  }
  if (NOT_NOW.has(status)) {
    const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs)
    return { outcome: 'rejected_transient', reply, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  if (WRONG_ENDPOINT.has(status) || (status >= 300 && status < 400)) {
    return { outcome: 'rejected_transient', reply, accountFault: true }
  }
  if (status === 409 || status >= 500) return { outcome: 'unknown', reply }
  return { outcome: 'rejected_permanent', reply }
}

const NOT_NOW = new Set([408, 425, 429, 503])
const WRONG_ENDPOINT = new Set([401, 403, 404, 405, 407, 410])
const MAX_RETRY_AFTER_MS = 24 * 3_600_000

/** Seconds or a date (RFC 9110 §10.2.3), at most a day; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,10}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

function describe({ status, body }: HttpAnswer): string {
  const text = body.replace(/\s+/g, ' ').trim()
  if (text === '') return `HTTP ${status}`
  return `HTTP ${status}: ${text.length > 400 ? `${text.slice(0, 399)}…` : text}`
}

function readId(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const { id } = JSON.parse(body) as { id?: unknown }
    const text = typeof id === 'number' ? String(id) : id
    return typeof text === 'string' && text !== '' && text.length <= 200 ? text : undefined
  } catch {
    return undefined // an endpoint may answer what it likes; the status says that it took the message
  }
}
