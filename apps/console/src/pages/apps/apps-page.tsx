import type { Client, Kind } from '@mainstay/proto/identity/v1/clients'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { AppActions, AppStateMark, appColumns } from './app-columns.tsx'
import { DisableAppDialog } from './disable-app-dialog.tsx'
import { EditKindButton, kindColumns, kindLine } from './kind-columns.tsx'
import { useApps, useKinds } from './use-apps.ts'

const AppDialog = lazy(() => import('./app-dialog.tsx').then((module) => ({ default: module.AppDialog })))
const KindDialog = lazy(() => import('./kind-dialog.tsx').then((module) => ({ default: module.KindDialog })))
const AppSnippetDialog = lazy(() =>
  import('./app-snippet-dialog.tsx').then((module) => ({ default: module.AppSnippetDialog })),
)

/** What is done with an app: shown in a dialog. */
export type AppDialogState = { of: 'edit' | 'snippet' | 'disable'; app: Client }

/** The apps that people sign in to, and the rules of each kind of people. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const [, modeName] = useScope()
  const [dialog, setDialog] = useState<AppDialogState>()
  const [editingKind, setEditingKind] = useState<Kind | 'new'>()
  const apps = useApps()
  const kinds = useKinds()
  const isCreating = search.get('create') === '1'
  const setCreating = (on: boolean) => setSearch(on ? { create: '1' } : {}, { replace: true })
  const close = () => setDialog(undefined)
  const create = (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create app
    </Button>
  )
  return (
    <ScrollPage>
      <PageHeader title="Apps & kinds">{create}</PageHeader>
      {apps.isError && !apps.data ? (
        <FailureState error={apps.error} onRetry={() => void apps.refetch()} />
      ) : apps.data?.length === 0 ? (
        <EmptyState title={`No ${modeName} apps yet`} actions={create}>
          An app is what people sign in to: your driver app, your shop. It names its id with every sign-in,
          which says of what kind they are and whether they are test accounts.
        </EmptyState>
      ) : (
        <Card>
          <ListTable
            label="Apps"
            columns={appColumns(setDialog)}
            rows={apps.data}
            rowId={({ clientId }) => clientId}
            dim={({ disabled }) => disabled}
            compact={(app) => ({
              first: app.displayName,
              aside: <AppStateMark app={app} />,
              second: `${app.kind} · ${app.audience}`,
              actions: <AppActions app={app} onChoose={setDialog} />,
            })}
          />
        </Card>
      )}
      <Section
        title="Kinds of people"
        aside={
          <Button size="sm" onClick={() => setEditingKind('new')}>
            <Plus aria-hidden />
            Add kind
          </Button>
        }
      >
        {kinds.isError && !kinds.data ? (
          <FailureState error={kinds.error} onRetry={() => void kinds.refetch()} />
        ) : (
          <Card>
            <ListTable
              label="Kinds"
              columns={kindColumns(setEditingKind)}
              rows={kinds.data}
              rowId={({ kind }) => kind}
              compact={(kind) => ({
                first: kind.displayName,
                aside: <span className="tabular">{kind.kind}</span>,
                second: kindLine(kind),
                actions: <EditKindButton kind={kind} onEdit={setEditingKind} />,
              })}
            />
          </Card>
        )}
        <p className="mt-2 text-xs text-ink-3">Kinds hold for test and live apps alike.</p>
      </Section>
      <Suspense>
        {isCreating && <AppDialog onClose={() => setCreating(false)} />}
        {dialog?.of === 'edit' && <AppDialog app={dialog.app} onClose={close} />}
        {dialog?.of === 'snippet' && <AppSnippetDialog app={dialog.app} onClose={close} />}
        {dialog?.of === 'disable' && <DisableAppDialog app={dialog.app} onClose={close} />}
        {editingKind && (
          <KindDialog
            kind={editingKind === 'new' ? undefined : editingKind}
            onClose={() => setEditingKind(undefined)}
          />
        )}
      </Suspense>
    </ScrollPage>
  )
}
