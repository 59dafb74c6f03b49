import type { ApiKey } from '@mainstay/proto/access/v1'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { keyState, modeWord, useApiKeys } from './api-keys.ts'

const CreateKeyDialog = lazy(() =>
  import('./create-key-dialog.tsx').then((module) => ({ default: module.CreateKeyDialog })),
)
const RevokeKeyDialog = lazy(() =>
  import('./revoke-key-dialog.tsx').then((module) => ({ default: module.RevokeKeyDialog })),
)

/** The credentials of programs: who may do what, when they last did, and the way to end it. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const [revoking, setRevoking] = useState<ApiKey>()
  const showInactive = search.get('inactive') === '1'
  const creating = search.get('create') === '1'
  const keys = useApiKeys(showInactive)
  const set = (name: string, on: boolean) => {
    const next = new URLSearchParams(search)
    if (on) next.set(name, '1')
    else next.delete(name)
    setSearch(next, { replace: true })
  }
  const create = (
    <Button kind="primary" onClick={() => set('create', true)}>
      <Plus aria-hidden />
      Create API key
    </Button>
  )
  const isEmpty = keys.data?.length === 0

  return (
    <ScrollPage>
      <PageHeader title="API keys">
        <Checkbox
          checked={showInactive}
          onChange={(on) => set('inactive', on)}
          label="Show revoked and expired"
        />
        {create}
      </PageHeader>
      {keys.isError ? (
        <FailureState error={keys.error} onRetry={() => void keys.refetch()} />
      ) : isEmpty ? (
        <EmptyState title="No API keys yet" actions={create}>
          A program shows its key with every request; the key says which project it speaks for and what it may
          do.
        </EmptyState>
      ) : (
        <Card>
          <ListTable
            label="API keys"
            columns={columns(setRevoking)}
            rows={keys.data}
            rowId={(key) => key.apiKeyId}
            dim={(key) => !keyState(key, Date.now()).active}
            compact={(key) => ({
              first: key.displayName,
              aside: <KeyStateMark apiKey={key} />,
              second: (
                <>
                  <span className="tabular">{key.keyPrefix}…</span> · {modeWord(key.mode)} · used{' '}
                  <RelativeTime time={key.lastUseTime} otherwise="never" />
                </>
              ),
              actions: <RevokeButton apiKey={key} onRevoke={setRevoking} />,
            })}
          />
        </Card>
      )}
      <Suspense>
        {creating && <CreateKeyDialog onClose={() => set('create', false)} />}
        {revoking && <RevokeKeyDialog apiKey={revoking} onClose={() => setRevoking(undefined)} />}
      </Suspense>
    </ScrollPage>
  )
}

function columns(onRevoke: (key: ApiKey) => void): ListColumn<ApiKey>[] {
  return [
    { title: 'Name', cell: (key) => <span className="font-medium">{key.displayName}</span> },
    {
      title: 'Key',
      width: '150px',
      cell: (key) => <span className="tabular text-xs">{key.keyPrefix}…</span>,
    },
    { title: 'Mode', width: '72px', cell: (key) => modeWord(key.mode) },
    { title: 'State', width: '100px', cell: (key) => <KeyStateMark apiKey={key} /> },
    { title: 'Scopes', width: '18%', cell: (key) => <Scopes apiKey={key} /> },
    {
      title: 'Last used',
      width: '112px',
      cell: (key) => <RelativeTime time={key.lastUseTime} otherwise="Never" />,
    },
    {
      title: 'Expires',
      width: '112px',
      cell: (key) => <RelativeTime time={key.expireTime} otherwise="Never" />,
    },
    { title: 'Created', width: '108px', cell: (key) => <RelativeTime time={key.createTime} /> },
    {
      title: 'Actions',
      untitled: true,
      width: '96px',
      align: 'right',
      cell: (key) => <RevokeButton apiKey={key} onRevoke={onRevoke} />,
    },
  ]
}

function KeyStateMark({ apiKey }: { apiKey: ApiKey }) {
  const { word, tone } = keyState(apiKey, Date.now())
  return <StateMark tone={tone}>{word}</StateMark>
}

function Scopes({ apiKey }: { apiKey: ApiKey }) {
  const text = apiKey.scopes.join(' ')
  return (
    <span className="tabular text-xs" title={text}>
      {text === '*' ? 'Everything' : text}
    </span>
  )
}

function RevokeButton({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (key: ApiKey) => void }) {
  if (!keyState(apiKey, Date.now()).active) return null
  return (
    <Button size="sm" onClick={() => onRevoke(apiKey)} aria-label={`Revoke ${apiKey.displayName}`}>
      Revoke
    </Button>
  )
}
