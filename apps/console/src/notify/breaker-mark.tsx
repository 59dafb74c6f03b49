import { BreakerState, type ProviderHealth } from '@mainstay/proto/notify/v1/routing'
import { StateMark } from '../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../components/time/relative-time.tsx'

/** Whether an account takes messages, and when it is tried again where it does not. */
export function BreakerMark({ health, drained }: { health: ProviderHealth; drained: boolean }) {
  if (health.breakerState === BreakerState.HALF_OPEN) {
    return (
      <StateMark tone="warn" moving>
        Being tried
      </StateMark>
    )
  }
  if (health.breakerState === BreakerState.OPEN) {
    return (
      <span className="inline-flex flex-wrap gap-x-1.5" title={health.breakerReason}>
        <StateMark tone="bad">Rests</StateMark>
        {health.retryTime && (
          <span className="text-ink-3">
            tried <RelativeTime time={health.retryTime} />
          </span>
        )}
      </span>
    )
  }
  return drained ? (
    <StateMark tone="warn">Drained</StateMark>
  ) : (
    <StateMark tone="ok">Takes messages</StateMark>
  )
}
