import type {
  CategoryPreference,
  ChannelPreference,
  RecipientPreferences as Preferences,
} from '@mainstay/proto/notify/v1/preferences'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link2, Lock } from 'lucide-react'
import { describeFailure } from '../../api/failure.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Switch } from '../../components/field/checkbox.tsx'
import { Card } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { channelWord } from '../../notify/channels.ts'
import { useRecipientPreferences } from './use-preferences.ts'
import { sourceWords } from './words.ts'

/** What a person gets, by category and channel, with who said so; each switch holds at once. */
export function RecipientPreferences({ recipientId }: { recipientId: string }) {
  const queries = useQueryClient()
  const { data, isError, error, refetch, queryKey, client } = useRecipientPreferences(recipientId)
  const change = useMutation({
    mutationFn: (one: { category: string; channel: number; enabled: boolean }) =>
      client.updatePreferences({ recipientId, changes: [one] }),
    onSuccess: (saved) => void queries.setQueryData(queryKey, saved),
    onError: (failure) => void toast.error(describeFailure(failure).message),
  })
  const copyLink = useMutation({
    mutationFn: async () => {
      const { url } = await client.createPreferenceLink({ recipientId })
      await navigator.clipboard.writeText(url)
    },
    onSuccess: () => void toast.success('The link to their page is copied.'),
    onError: (failure) => void toast.error(describeFailure(failure).message),
  })
  if (isError && !data) return <FailureState error={error} onRetry={() => void refetch()} />
  if (!data) {
    return (
      <Card className="flex flex-col gap-4 p-4">
        <Loading what="preferences" />
        <Skeleton className="w-1/2" />
        <Skeleton className="w-2/3" />
      </Card>
    )
  }
  return (
    <Card className="@container">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2.5">
        <span className="tabular mr-auto min-w-0 truncate text-sm font-medium">{recipientId}</span>
        <span className="text-sm">
          <StandingMark preferences={data} />
        </span>
        <Button size="sm" onClick={() => copyLink.mutate()} busy={copyLink.isPending}>
          <Link2 aria-hidden />
          Copy link to their page
        </Button>
      </div>
      {data.categories.length === 0 && (
        <p className="px-4 py-3 text-sm text-ink-2">There are no categories to choose from yet.</p>
      )}
      <ul className="divide-y divide-line">
        {data.categories.map((category) => (
          <CategoryRow
            key={category.category}
            category={category}
            pending={change.isPending ? change.variables : undefined}
            onChange={(channel, enabled) => change.mutate({ category: category.category, channel, enabled })}
          />
        ))}
      </ul>
    </Card>
  )
}

function StandingMark({ preferences }: { preferences: Preferences }) {
  if (preferences.unsubscribed) return <StateMark tone="warn">Unsubscribed from everything</StateMark>
  const count = preferences.decisions.length
  if (count === 0) return <StateMark tone="quiet">Nothing decided</StateMark>
  return <StateMark tone="info">{count === 1 ? '1 decision' : `${count} decisions`}</StateMark>
}

function CategoryRow({
  category,
  pending,
  onChange,
}: {
  category: CategoryPreference
  pending: { category: string; channel: number; enabled: boolean } | undefined
  onChange: (channel: number, enabled: boolean) => void
}) {
  return (
    <li className="flex flex-col gap-2 px-4 py-3 @2xl:flex-row @2xl:items-start @2xl:gap-6">
      <div className="min-w-0 @2xl:w-64 @2xl:shrink-0">
        <h3 className="text-sm font-medium">{category.displayName}</h3>
        {category.description !== '' && <p className="text-xs text-ink-3">{category.description}</p>}
      </div>
      {category.mandatory ? (
        <p className="flex items-center gap-1.5 text-sm text-ink-2">
          <Lock className="size-3.5" aria-hidden />
          Always on
        </p>
      ) : (
        <ul className="grid flex-1 grid-cols-1 gap-x-6 gap-y-2 @md:grid-cols-2 @4xl:grid-cols-3">
          {category.channels.map((one) => {
            const isChanging = pending?.category === category.category && pending.channel === one.channel
            return (
              <ChannelRow
                key={one.channel}
                name={category.displayName}
                preference={one}
                checked={isChanging ? pending.enabled : one.enabled}
                disabled={isChanging}
                onChange={(enabled) => onChange(one.channel, enabled)}
              />
            )
          })}
        </ul>
      )}
    </li>
  )
}

function ChannelRow({
  name,
  preference: { channel, decision },
  checked,
  disabled,
  onChange,
}: {
  name: string
  preference: ChannelPreference
  checked: boolean
  disabled: boolean
  onChange: (enabled: boolean) => void
}) {
  const word = channelWord(channel)
  return (
    <li className="flex items-start gap-2.5">
      <Switch label={`${name}, ${word}`} checked={checked} disabled={disabled} onChange={onChange} />
      <div className="min-w-0">
        <p className="text-sm leading-[18px]">{word}</p>
        <p className="text-xs text-ink-3">
          {decision ? (
            <>
              {sourceWords.get(decision.source) ?? 'decided'}, <RelativeTime time={decision.updateTime} />
            </>
          ) : (
            'by default'
          )}
        </p>
      </div>
    </li>
  )
}
