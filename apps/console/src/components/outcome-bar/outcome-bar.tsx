import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { formatCount, formatShare } from '../../format/number.ts'

type Counts = Pick<ProviderAccount, 'acceptedCount' | 'rejectedCount' | 'unknownCount'>

/** How an account fared in 24 hours: a thin bar to scale, and the numbers in words beside it. */
export function OutcomeBar({ counts }: { counts: Counts }) {
  const accepted = Number(counts.acceptedCount)
  const rejected = Number(counts.rejectedCount)
  const unknown = Number(counts.unknownCount)
  const total = accepted + rejected + unknown
  if (total === 0) return <span className="text-xs text-ink-3">No attempts in 24 hours</span>
  return (
    <div className="min-w-0">
      <div aria-hidden className="flex h-1.5 gap-px overflow-hidden rounded-full bg-sunken">
        <Part count={accepted} className="bg-ok-dot" />
        <Part count={rejected} className="bg-bad-dot" />
        <Part count={unknown} className="bg-warn-dot" />
      </div>
      <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-ink-2">
        <span>
          <span className="tabular">{formatCount(accepted)}</span> accepted
        </span>
        {rejected > 0 && (
          <span className="text-bad">
            <span className="tabular">{formatCount(rejected)}</span> refused ({formatShare(rejected, total)})
          </span>
        )}
        {unknown > 0 && (
          <span className="text-warn">
            <span className="tabular">{formatCount(unknown)}</span> unknown
          </span>
        )}
      </p>
    </div>
  )
}

function Part({ count, className }: { count: number; className: string }) {
  return count > 0 ? <span className={className} style={{ flexGrow: count, minWidth: 2 }} /> : null
}
