import type { RetryPolicy } from './settings.ts'

/**
 * How long to wait after attempt number `attempt`, in milliseconds: full jitter (a random part of a doubling, capped
 * window), because retries that keep their distance from each other hurt a recovering provider least
 * (Brooker, "Exponential Backoff And Jitter", 2015). A wait that the provider asked for is honoured, with up to a
 * tenth on top so that all who were told "60 s" do not come back together.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number = Math.random,
): number {
  const window = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30))
  const backoffMs = Math.ceil(random() * window)
  if (retryAfterMs === undefined || retryAfterMs <= 0) return backoffMs
  return Math.max(backoffMs, Math.ceil(retryAfterMs * (1 + random() / 10)))
}
