import type { SpendCap } from '@mainstay/proto/notify/v1/routing'
import { useMutation } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { mainstayFor } from '../../api/mainstay.ts'
import { cx } from '../../class-names.ts'
import { Button, IconButton } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatMicros } from '../../format/money.ts'
import { useSpendCaps } from '../../notify/routing.ts'
import { percentSpent, scopeWords } from '../../notify/routing-words.ts'
import { CapDialog } from './cap-dialog.tsx'
import { useRoutingReload } from './change-routing.ts'

/** What may be spent in a day, and what was spent today. */
export function SpendCaps() {
  const caps = useSpendCaps()
  const [isAdding, setAdding] = useState(false)
  return (
    <Section
      title="Spend caps, midnight to midnight UTC"
      aside={
        <Button size="sm" onClick={() => setAdding(true)}>
          <Plus aria-hidden />
          Set a cap
        </Button>
      }
    >
      <Card>
        {caps.isError && !caps.data ? (
          <FailureNote error={caps.error} className="m-3" />
        ) : !caps.data ? (
          <div className="p-4">
            <Loading what="spend caps" />
            <Skeleton className="w-2/3" />
          </div>
        ) : caps.data.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            Nothing is capped. With a cap, what it would cost beyond it waits, however many workers send.
          </p>
        ) : (
          <ul aria-label="Spend caps">
            {caps.data.map((cap) => (
              <Cap key={`${cap.channel} ${cap.country}`} cap={cap} />
            ))}
          </ul>
        )}
      </Card>
      {isAdding && <CapDialog onClose={() => setAdding(false)} />}
    </Section>
  )
}

function Cap({ cap }: { cap: SpendCap }) {
  const reload = useRoutingReload()
  const what = scopeWords(cap)
  const percent = percentSpent(cap)
  const remove = useMutation({
    mutationFn: () =>
      mainstayFor('live').notify.deleteSpendCap({ channel: cap.channel, country: cap.country }),
    async onSuccess() {
      await reload()
      toast(`${what}: no cap any more.`)
    },
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  return (
    <li className="flex items-center gap-3 border-line px-4 py-2.5 text-sm not-first:border-t">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span>{what}</span>
          <span className="tabular text-xs text-ink-2">
            {formatMicros(cap.spentMicros, '')} of {formatMicros(cap.dailyLimitMicros, cap.currency)}
          </span>
        </p>
        <div aria-hidden className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-sunken">
          <div
            className={cx(
              'h-full',
              percent >= 100 ? 'bg-bad-dot' : percent >= 80 ? 'bg-warn-dot' : 'bg-ok-dot',
            )}
            style={{ width: `${Math.min(100, percent)}%` }}
          />
        </div>
        {percent >= 80 && (
          <p className="mt-1 text-xs">
            <StateMark tone={percent >= 100 ? 'bad' : 'warn'}>
              {percent >= 100 ? 'Used up: what comes beyond it waits' : `${percent}% is spent`}
            </StateMark>
          </p>
        )}
      </div>
      <IconButton
        label={`Remove the cap of ${what}`}
        disabled={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 aria-hidden />
      </IconButton>
    </li>
  )
}
