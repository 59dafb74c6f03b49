import type { Recipient } from '@mainstay/proto/notify/v1'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { mainstay, serviceOf, useScope } from '../../api/mainstay.ts'
import { IconButton } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { JsonView } from '../../components/json-view/json-view.tsx'
import { Section, useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { RecipientPreferences } from '../preferences/recipient-preferences.tsx'
import { EndpointList } from './endpoint-list.tsx'
import { LatestMessages } from './latest-messages.tsx'

/** One person beside the list: who they are, where they are reached, and what they were told last. */
export function Component() {
  const { recipientId = '' } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const [isDeleting, setDeleting] = useState(false)
  const found = useQuery({
    queryKey: ['recipient', recipientId, ...useScope()],
    queryFn: ({ signal }) => mainstay().notify.getRecipient({ recipientId }, { signal }),
  })
  const recipient = found.data
  const close = () => void navigate({ pathname: '/recipients', search: search.toString() })
  useTitle(recipient?.displayName || recipientId)
  return (
    <SidePanel
      of={recipientId}
      title="Recipient"
      header={recipient?.displayName || recipientId}
      onClose={close}
      actions={
        recipient && (
          <IconButton label="Delete recipient" onClick={() => setDeleting(true)}>
            <Trash2 />
          </IconButton>
        )
      }
    >
      {found.isError ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : !recipient ? (
        <PanelSkeleton />
      ) : (
        <div className="flex flex-col gap-6 px-4 pt-4 pb-10 lg:px-5">
          <RecipientFacts recipient={recipient} />
          <EndpointList recipientId={recipientId} endpoints={recipient.endpoints} />
          {recipient.topics.length > 0 && (
            <Section title="Topics">
              <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
                {recipient.topics.map((topic) => (
                  <li key={topic}>
                    <Link
                      to={`/recipients?topic=${encodeURIComponent(topic)}`}
                      className="text-accent underline-offset-2 hover:underline"
                    >
                      {topic}
                    </Link>
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {Object.keys(recipient.attributes ?? {}).length > 0 && (
            <Section title="Attributes">
              <JsonView label="Attributes" value={recipient.attributes ?? {}} />
            </Section>
          )}
          <Section title="Preferences">
            <RecipientPreferences key={recipientId} recipientId={recipientId} />
          </Section>
          <LatestMessages recipientId={recipientId} />
        </div>
      )}
      {isDeleting && (
        <DeleteRecipient recipientId={recipientId} onCancel={() => setDeleting(false)} onDeleted={close} />
      )}
    </SidePanel>
  )
}

function RecipientFacts({ recipient }: { recipient: Recipient }) {
  const { recipientId, email, phone, locale, timezone, createTime, updateTime } = recipient
  return (
    <Facts
      rows={[
        ['Id', <Copyable key="id" text={recipientId} what="recipient id" />],
        ['Email', email],
        ['Phone', phone && <span className="tabular">{phone}</span>],
        ['Language', locale],
        ['Time zone', timezone],
        ['Added', <RelativeTime key="added" time={createTime} />],
        ['Changed', <RelativeTime key="changed" time={updateTime} />],
      ]}
    />
  )
}

function DeleteRecipient({
  recipientId,
  onCancel,
  onDeleted,
}: {
  recipientId: string
  onCancel: () => void
  onDeleted: () => void
}) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => serviceOf(Recipients).deleteRecipient({ recipientId }),
    async onSuccess() {
      onDeleted()
      queries.removeQueries({ queryKey: ['recipient', recipientId] })
      await queries.invalidateQueries({ queryKey: ['recipients'] })
      toast.success(`${recipientId} is deleted.`)
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onCancel}
      title="Delete recipient"
      consequence="Their addresses, devices and topics are forgotten. Messages that were sent to them stay in the ledger."
      name={recipientId}
      verb="Delete recipient"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    />
  )
}

function PanelSkeleton() {
  return (
    <div className="flex flex-col gap-4 p-5">
      <Loading what="recipient" />
      {['w-2/3', 'w-1/2', 'w-3/5', 'w-1/3'].map((width) => (
        <Skeleton key={width} className={width} />
      ))}
    </div>
  )
}
