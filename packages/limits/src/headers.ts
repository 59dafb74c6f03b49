import type { Decision, Limit, Verdict } from './limit.ts'

/**
 * What an answer says of its limits: `RateLimit-Policy` and `RateLimit` as structured fields (draft-ietf-httpapi-ratelimit-headers-10
 * §3 and §4), and `Retry-After` in whole seconds (RFC 9110 §10.2.3) when it was refused. Limits in shadow mode are not told.
 */
export function limitHeaders({
  verdicts,
  decidedBy,
}: Pick<Decision, 'verdicts' | 'decidedBy'>): [string, string][] {
  const told = verdicts.filter(({ limit }) => limit.mode !== 'shadow')
  if (told.length === 0) return []
  const headers: [string, string][] = [
    ['ratelimit-policy', told.map(({ limit }) => policyOf(limit)).join(', ')],
    ['ratelimit', told.map(stateOf).join(', ')],
  ]
  if (decidedBy !== undefined && decidedBy.retryAfterMs !== Number.POSITIVE_INFINITY) {
    headers.push(['retry-after', String(Math.max(1, Math.ceil(decidedBy.retryAfterMs / 1000)))])
  }
  return headers
}

function policyOf({ name, count, periodMs }: Limit): string {
  return `"${name}";q=${Math.floor(count)};w=${Math.max(1, Math.round(periodMs / 1000))}`
}

function stateOf({ limit, remaining, resetMs }: Verdict): string {
  return `"${limit.name}";r=${Math.floor(remaining)};t=${Math.ceil(resetMs / 1000)}`
}
