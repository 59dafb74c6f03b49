import type { AuditEntry } from '@mainstay/proto/access/v1'
import {
  AtSign,
  Ban,
  Circle,
  Link2,
  LogIn,
  LogOut,
  type LucideIcon,
  PencilLine,
  ShieldAlert,
  Trash2,
  UserCheck,
  UserPlus,
  VenetianMask,
} from 'lucide-react'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import type { Tone } from '../../components/state-mark/state-mark.tsx'
import type { TimelineEvent } from '../../components/timeline/timeline-event.ts'
import { formatAbsolute, toMs } from '../../format/time.ts'

interface Words {
  title: string
  icon: LucideIcon
  tone: Tone
}

const words: Record<string, Words> = {
  'identity.accounts.create': { title: 'Account created', icon: UserPlus, tone: 'info' },
  'identity.accounts.update': { title: 'Details changed', icon: PencilLine, tone: 'quiet' },
  'identity.accounts.ban': { title: 'Banned', icon: Ban, tone: 'bad' },
  'identity.accounts.unban': { title: 'Let in again', icon: UserCheck, tone: 'ok' },
  'identity.accounts.delete': { title: 'Deleted', icon: Trash2, tone: 'bad' },
  'identity.accounts.schedule_delete': { title: 'Deletion asked for', icon: Trash2, tone: 'warn' },
  'identity.accounts.keep': { title: 'Kept after all', icon: UserCheck, tone: 'ok' },
  'identity.accounts.link': { title: 'Linked to another account', icon: Link2, tone: 'info' },
  'identity.accounts.unlink': { title: 'Unlinked', icon: Link2, tone: 'quiet' },
  'identity.accounts.impersonate': { title: 'An operator acts as them', icon: VenetianMask, tone: 'warn' },
  'identity.identifiers.add': { title: 'Identifier added', icon: AtSign, tone: 'info' },
  'identity.identifiers.remove': { title: 'Identifier removed', icon: AtSign, tone: 'quiet' },
  'identity.sessions.create': { title: 'Signed in', icon: LogIn, tone: 'ok' },
  'identity.sessions.end': { title: 'Session ended', icon: LogOut, tone: 'quiet' },
  'identity.sessions.end_all': { title: 'All sessions ended', icon: LogOut, tone: 'warn' },
  'identity.sessions.reuse': { title: 'Refresh token used twice', icon: ShieldAlert, tone: 'bad' },
}

/** The audit's entries, newest first, as the timeline tells them. */
export function historyEvents(entries: readonly AuditEntry[]): TimelineEvent[] {
  return entries.toReversed().map((entry) => {
    const known = words[entry.action] ?? { title: entry.action, icon: Circle, tone: 'quiet' as const }
    return {
      ...known,
      id: entry.auditEntryId,
      atMs: toMs(entry.createTime) ?? 0,
      actor: actorWord(entry.actor),
      final: entry.action === 'identity.accounts.delete',
      body: <EntryBody entry={entry} />,
    }
  })
}

const actors: Record<string, string> = {
  acc: 'the person',
  cli: 'an app',
  key: 'an API key',
  opr: 'an operator',
  svc: 'a service',
}

function actorWord(actor: string): string {
  return actors[actor.split('_')[0] ?? ''] ?? 'Mainstay'
}

function EntryBody({ entry }: { entry: AuditEntry }) {
  const atMs = toMs(entry.createTime)
  return (
    <Facts
      rows={[
        ['When', atMs !== undefined && formatAbsolute(atMs)],
        ['Who', <Copyable key="who" text={entry.actor} what="actor id" />],
        [
          'What',
          <span key="what" className="tabular text-xs">
            {entry.action}
          </span>,
        ],
        ['On', <Copyable key="on" text={entry.resource} what="resource id" />],
        ['Request', entry.requestId && <Copyable key="request" text={entry.requestId} what="request id" />],
      ]}
    />
  )
}
