import type { Client } from '@mainstay/proto/identity/v1/clients'
import { Ban, Code, Ellipsis, PencilLine, RotateCcw } from 'lucide-react'
import { Button, IconButton } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import type { ListColumn } from '../../components/list-table/list-table.tsx'
import { Menu, MenuItem, MenuLine } from '../../components/menu/menu.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import type { AppDialogState } from './apps-page.tsx'

export function AppStateMark({ app }: { app: Client }) {
  return app.disabled ? (
    <StateMark tone="quiet" hollow>
      Disabled
    </StateMark>
  ) : (
    <StateMark tone="ok">Open</StateMark>
  )
}

export const appColumns = (onChoose: (dialog: AppDialogState) => void): ListColumn<Client>[] => [
  { title: 'Name', width: '20%', cell: ({ displayName }) => <span title={displayName}>{displayName}</span> },
  { title: 'Kind', width: '104px', cell: ({ kind }) => kind },
  { title: 'State', width: '104px', cell: (app) => <AppStateMark app={app} /> },
  {
    title: 'Client id',
    width: '264px',
    cell: ({ clientId }) => <Copyable text={clientId} what="client id" />,
  },
  {
    title: 'Audience',
    cell: ({ audience }) => (
      <span className="tabular text-xs text-ink-2" title={audience}>
        {audience}
      </span>
    ),
  },
  { title: 'Created', width: '104px', cell: ({ createTime }) => <RelativeTime time={createTime} /> },
  {
    title: 'Actions',
    width: '148px',
    untitled: true,
    align: 'right',
    cell: (app) => <AppActions app={app} onChoose={onChoose} />,
  },
]

export function AppActions({ app, onChoose }: { app: Client; onChoose: (dialog: AppDialogState) => void }) {
  return (
    <span className="inline-flex items-center gap-1">
      <Button size="sm" aria-label={`Edit ${app.displayName}`} onClick={() => onChoose({ of: 'edit', app })}>
        <PencilLine aria-hidden />
        Edit
      </Button>
      <Menu
        align="end"
        label={`More for ${app.displayName}`}
        trigger={
          <IconButton label={`More for ${app.displayName}`}>
            <Ellipsis />
          </IconButton>
        }
      >
        <MenuItem icon={<Code />} onSelect={() => onChoose({ of: 'snippet', app })}>
          Show how to sign in
        </MenuItem>
        <MenuLine />
        <MenuItem
          icon={app.disabled ? <RotateCcw /> : <Ban />}
          danger={!app.disabled}
          onSelect={() => onChoose({ of: 'disable', app })}
        >
          {app.disabled ? 'Enable' : 'Disable'}
        </MenuItem>
      </Menu>
    </span>
  )
}
