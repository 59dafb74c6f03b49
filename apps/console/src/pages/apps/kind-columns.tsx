import { OtpChannel } from '@mainstay/proto/identity/v1'
import type { Kind } from '@mainstay/proto/identity/v1/clients'
import { PencilLine } from 'lucide-react'
import { Button } from '../../components/button/button.tsx'
import type { ListColumn } from '../../components/list-table/list-table.tsx'
import { formatDuration, toDurationMs } from '../../format/duration.ts'

export const kindColumns = (onEdit: (kind: Kind) => void): ListColumn<Kind>[] => [
  { title: 'Kind', width: '20%', cell: ({ displayName }) => displayName },
  {
    title: 'Id',
    width: '128px',
    cell: ({ kind }) => <span className="tabular text-xs text-ink-2">{kind}</span>,
  },
  { title: 'Sign-up', width: '128px', cell: ({ inviteOnly }) => (inviteOnly ? 'By invitation' : 'Open') },
  { title: 'Codes go over', cell: (kind) => <span className="text-ink-2">{channelWords(kind)}</span> },
  { title: 'Access token', width: '112px', cell: ({ accessTokenTtl }) => span(toDurationMs(accessTokenTtl)) },
  { title: 'Idle', width: '88px', cell: ({ sessionIdleTtl }) => span(toDurationMs(sessionIdleTtl)) },
  { title: 'Session', width: '88px', cell: ({ sessionTtl }) => span(toDurationMs(sessionTtl)) },
  {
    title: 'Edit',
    width: '112px',
    untitled: true,
    align: 'right',
    cell: (kind) => <EditKindButton kind={kind} onEdit={onEdit} />,
  },
]

export function EditKindButton({ kind, onEdit }: { kind: Kind; onEdit: (kind: Kind) => void }) {
  return (
    <Button size="sm" aria-label={`Edit ${kind.displayName}`} onClick={() => onEdit(kind)}>
      <PencilLine aria-hidden />
      Edit
    </Button>
  )
}

/** A kind's rules in a line, for a phone. */
export function kindLine(kind: Kind): string {
  const session = toDurationMs(kind.sessionTtl)
  const parts = [kind.inviteOnly ? 'by invitation' : 'open to all', channelWords(kind)]
  if (session !== undefined) parts.push(`sessions of ${formatDuration(session)}`)
  return parts.join(' · ')
}

function channelWords({ phoneChannels, emailRefused }: Kind): string {
  const words = phoneChannels.map((channel) => (channel === OtpChannel.WHATSAPP ? 'WhatsApp' : 'SMS'))
  return [...words, ...(emailRefused ? [] : ['email'])].join(', ')
}

function span(ms: number | undefined) {
  return ms !== undefined && <span className="tabular text-xs text-ink-2">{formatDuration(ms)}</span>
}
