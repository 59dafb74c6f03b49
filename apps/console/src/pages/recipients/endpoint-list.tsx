import { DevicePlatform, type Endpoint } from '@mainstay/proto/notify/v1/endpoints'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Globe, Hash, type LucideIcon, Mail, Phone, Smartphone, X } from 'lucide-react'
import { serviceOf } from '../../api/mainstay.ts'
import { IconButton } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** A recipient's devices and further addresses; those that a provider called gone say why. */
export function EndpointList({
  recipientId,
  endpoints,
}: {
  recipientId: string
  endpoints: readonly Endpoint[]
}) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (endpointId: string) => serviceOf(Recipients).removeEndpoint({ recipientId, endpointId }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['recipient', recipientId] })
      toast.success('The endpoint is removed.')
    },
  })
  return (
    <Section title="Endpoints">
      {remove.error && <FailureNote error={remove.error} className="mb-3" />}
      {endpoints.length === 0 ? (
        <p className="text-sm text-ink-2">
          No devices and no further addresses. Your app adds its device with AddEndpoint when it starts.
        </p>
      ) : (
        <ul className="overflow-hidden rounded-lg border border-line">
          {endpoints.map((endpoint) => (
            <EndpointItem
              key={endpoint.endpointId}
              endpoint={endpoint}
              busy={remove.isPending && remove.variables === endpoint.endpointId}
              onRemove={() => remove.mutate(endpoint.endpointId)}
            />
          ))}
        </ul>
      )}
    </Section>
  )
}

function EndpointItem({
  endpoint,
  busy,
  onRemove,
}: {
  endpoint: Endpoint
  busy: boolean
  onRemove: () => void
}) {
  const { icon: Icon, word } = lookOf(endpoint)
  const address = String(endpoint.address.value ?? '')
  const isGone = endpoint.deadTime !== undefined
  return (
    <li className="flex items-start gap-3 border-line px-3 py-2 not-first:border-t">
      <Icon className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden />
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-3">
          <span>{word}</span>
          {isGone ? (
            <StateMark tone="bad">Gone</StateMark>
          ) : (
            endpoint.verified && <StateMark tone="ok">Verified</StateMark>
          )}
        </p>
        <p className="truncate tabular text-xs text-ink-2" title={address}>
          {address}
        </p>
        <p className="text-xs text-ink-3">
          {isGone ? (
            <>
              <RelativeTime time={endpoint.deadTime} />: {endpoint.deadReason || 'a provider says so'}
            </>
          ) : (
            <>
              Seen <RelativeTime time={endpoint.lastSeenTime} />
            </>
          )}
        </p>
      </div>
      <IconButton label={`Remove ${word} ${address.slice(0, 24)}`} onClick={onRemove} disabled={busy}>
        <X />
      </IconButton>
    </li>
  )
}

function lookOf({ address, platform }: Endpoint): { icon: LucideIcon; word: string } {
  switch (address.case) {
    case 'email':
      return { icon: Mail, word: 'Email' }
    case 'phone':
      return { icon: Phone, word: 'Phone' }
    case 'chat':
      return { icon: Hash, word: 'Chat' }
    default:
      if (platform === DevicePlatform.WEB) return { icon: Globe, word: 'Browser' }
      return {
        icon: Smartphone,
        word: platform === DevicePlatform.IOS ? 'Apple device' : 'Android device',
      }
  }
}
