import { Tracking } from '@mainstay/proto/notify/v1/tracking'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { describeFailure } from '../../api/failure.ts'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Switch } from '../../components/field/checkbox.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { toast } from '../../components/toast/toast.tsx'

const choices = [
  {
    field: 'trackOpens',
    path: 'track_opens',
    title: 'Know when a message was seen',
    help: 'Read receipts of WhatsApp, and opened emails. Mail programs that load pictures by themselves make some mail look opened.',
  },
  {
    field: 'trackClicks',
    path: 'track_clicks',
    title: 'Know when a link was followed',
    help: 'Links in HTML mail lead through this installation. Never those in one-time codes, or those that unsubscribe.',
  },
] as const

/** What the project keeps of what recipients do: for both modes, since a person's privacy has none. */
export function Component() {
  const queries = useQueryClient()
  const [project] = useScope()
  const queryKey = ['tracking-settings', project]
  const settings = useQuery({
    queryKey,
    queryFn: ({ signal }) => serviceOf(Tracking, 'live').getTrackingSettings({}, { signal }),
  })
  const change = useMutation({
    mutationFn: ({ choice, on }: { choice: (typeof choices)[number]; on: boolean }) =>
      serviceOf(Tracking, 'live').updateTrackingSettings({
        trackingSettings: { [choice.field]: on },
        updateMask: { paths: [choice.path] },
      }),
    onSuccess: (saved) => void queries.setQueryData(queryKey, saved),
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  if (settings.isError) return <FailureState error={settings.error} onRetry={() => void settings.refetch()} />
  return (
    <Section title="What recipients do">
      <Card className="divide-y divide-line">
        {!settings.data && (
          <div className="flex flex-col gap-4 p-4">
            <Loading what="tracking settings" />
            <Skeleton className="w-1/2" />
            <Skeleton className="w-2/3" />
          </div>
        )}
        {settings.data &&
          choices.map((choice) => {
            const isChanging = change.isPending && change.variables.choice === choice
            return (
              <div key={choice.field} className="flex items-start gap-4 p-4">
                <div className="min-w-0 flex-1">
                  <h3 className="text-sm font-medium">{choice.title}</h3>
                  <p className="mt-0.5 max-w-[60ch] text-sm text-ink-2">{choice.help}</p>
                </div>
                <Switch
                  label={choice.title}
                  checked={isChanging ? change.variables.on : settings.data[choice.field]}
                  disabled={isChanging}
                  onChange={(on) => change.mutate({ choice, on })}
                />
              </div>
            )
          })}
      </Card>
      <p className="mt-2 text-xs text-ink-3">
        Both are off until you switch them on; providers’ reports of it are then dropped. They hold for test
        and live messages of this project.
      </p>
    </Section>
  )
}
