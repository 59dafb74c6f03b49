import type { CampaignProgress } from '@mainstay/proto/notify/v1/campaigns'
import { formatCompact, formatCount, formatShare } from '../../format/number.ts'

interface Part {
  word: string
  count: number
  className: string
}

/** Everybody in the audience, by what became of their message; the rest of the bar are those whose turn has not come. */
export function ProgressBar({ progress, label }: { progress: CampaignProgress; label: string }) {
  const total = Number(progress.total)
  const parts = partsOf(progress)
  const done = parts.reduce((sum, { count }) => sum + count, 0)
  const share = total === 0 ? 0 : Math.min(100, Math.floor((done / total) * 100))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share}
      aria-valuetext={`${formatCount(done)} of ${formatCount(total)}`}
      className="flex h-1.5 gap-px overflow-hidden rounded-full bg-sunken"
    >
      {parts.map(({ word, count, className }) =>
        count > 0 ? <span key={word} className={className} style={{ flexGrow: count, minWidth: 2 }} /> : null,
      )}
      {total > done && <span style={{ flexGrow: total - done }} />}
    </div>
  )
}

function partsOf(progress: CampaignProgress): Part[] {
  return [
    { word: 'sent', count: Number(progress.sent), className: 'bg-ok-dot' },
    { word: 'failed', count: Number(progress.failed), className: 'bg-bad-dot' },
    { word: 'unknown', count: Number(progress.unknown), className: 'bg-warn-dot' },
    {
      word: 'not sent',
      count: Number(progress.skipped + progress.suppressed + progress.cancelled),
      className: 'bg-edge',
    },
  ]
}

/** `4,210 of 10,000 sent (42%)`, and what did not go well. */
export function ProgressWords({ progress }: { progress: CampaignProgress }) {
  const total = Number(progress.total)
  const sent = Number(progress.sent)
  return (
    <span className="flex flex-wrap gap-x-3 text-xs text-ink-2">
      <span>
        <span className="tabular">{formatCompact(sent)}</span> of{' '}
        <span className="tabular">{formatCompact(total)}</span> sent ({formatShare(sent, total)})
      </span>
      {progress.failed > 0n && (
        <span className="text-bad">
          <span className="tabular">{formatCompact(Number(progress.failed))}</span> failed
        </span>
      )}
    </span>
  )
}
