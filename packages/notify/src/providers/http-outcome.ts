import type { ProviderResult } from './adapter.ts'
import type { Exchange, HttpAnswer } from './http-sender.ts'

/** How a kind of provider answers, where it differs from the table of `judgeAnswer`. */
export interface AnswerRules {
  /** The provider's id of the message in an answer of success. */
  readId?(answer: HttpAnswer): string | undefined
  /** Called first. Undefined: the table decides. */
  judge?(answer: HttpAnswer, reply: string): ProviderResult | undefined
  /** Each message names the endpoint that is called: one that is wrong or away is no fault of the account. */
  endpointIsAddress?: boolean
}

/** Turns how a request ended into what it means for the message. */
export function judgeExchange(exchange: Exchange, nowMs: number, rules: AnswerRules): ProviderResult {
  switch (exchange.case) {
    case 'answer':
      return judgeAnswer(exchange.answer, nowMs, rules)
    case 'lost':
      return { outcome: 'unknown', reply: exchange.reply }
    case 'not_sent': {
      const { reply, misconfigured } = exchange
      const accountFault = misconfigured && rules.endpointIsAddress !== true
      return { outcome: 'rejected_transient', reply, ...(accountFault ? { accountFault } : {}) }
    }
  }
}

/**
 * What an answer means unless the provider documents otherwise. This table is also the contract with whoever writes an
 * endpoint of their own (docs/guides/email.md):
 *
 * | status | outcome |
 * | --- | --- |
 * | 2xx | accepted |
 * | 408, 425, 429, 503 | transient: not taken; `Retry-After` is honoured |
 * | 401, 402, 403, 404, 405, 407, 410 and 3xx | transient, account at fault: the endpoint or the credentials are wrong, not the message |
 * | 409 | unknown: an earlier call with the same key is still under way |
 * | other 4xx | permanent |
 * | other 5xx | unknown: it may have failed after it had sent |
 */
export function judgeAnswer(answer: HttpAnswer, nowMs: number, rules: AnswerRules = {}): ProviderResult {
  const { status } = answer
  const reply = describeAnswer(answer)
  const special = rules.judge?.(answer, reply)
  if (special !== undefined) return special
  if (status >= 200 && status < 300) return accepted(rules.readId?.(answer), reply)
  if (NOT_NOW.has(status)) return notNow(answer, nowMs, reply)
  if (WRONG_ACCOUNT.has(status) || (status >= 300 && status < 400)) {
    const accountFault = rules.endpointIsAddress !== true
    return { outcome: 'rejected_transient', reply, ...(accountFault ? { accountFault } : {}) }
  }
  if (status === 409 || status >= 500) return { outcome: 'unknown', reply }
  return { outcome: 'rejected_permanent', reply }
}

/** The provider took it, under an id that is kept when it is one: 1 to 200 characters. */
export function accepted(id: string | undefined, reply: string): ProviderResult {
  const known = id !== undefined && id !== '' && id.length <= 200
  return { outcome: 'accepted', reply, ...(known ? { providerMessageId: id } : {}) }
}

/** Not taken, for a while: as long as `Retry-After` says. */
export function notNow(answer: HttpAnswer, nowMs: number, reply: string): ProviderResult {
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], nowMs)
  return { outcome: 'rejected_transient', reply, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

const NOT_NOW = new Set([408, 425, 429, 503])
const WRONG_ACCOUNT = new Set([401, 402, 403, 404, 405, 407, 410])
const MAX_RETRY_AFTER_MS = 24 * 3_600_000

/** Seconds or a date (RFC 9110 §10.2.3), at most a day; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,10}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/** `HTTP 400: ` and the first words of the body. */
export function describeAnswer({ status, body }: HttpAnswer): string {
  const text = body.replace(/\s+/g, ' ').trim()
  if (text === '') return `HTTP ${status}`
  return `HTTP ${status}: ${text.length > 400 ? `${text.slice(0, 399)}…` : text}`
}

/** The body as a JSON object; undefined when it is none. Providers answer what they like; the status comes first. */
export function jsonObject({ body }: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  if (!body.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** A text or number as text; undefined for everything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : undefined
}
