import type { Category } from '@mainstay/proto/notify/v1/preferences'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { ContactSettingsForm } from './contact-settings-form.tsx'
import { PersonLookup } from './person-lookup.tsx'
import { useCategories } from './use-preferences.ts'
import { capWords, defaultWords } from './words.ts'

const CategoryDialog = lazy(() =>
  import('./category-dialog.tsx').then((module) => ({ default: module.CategoryDialog })),
)

/** What messages are about, what people get of it, and when they are left alone. */
export function Component() {
  const categories = useCategories()
  const [open, setOpen] = useState<Category | 'new'>()
  const columns = useMemo(() => columnsWith(setOpen), [])
  const create = (
    <Button kind="primary" onClick={() => setOpen('new')}>
      <Plus aria-hidden />
      Create category
    </Button>
  )
  return (
    <ScrollPage>
      <PageHeader title="Preferences">{create}</PageHeader>
      {categories.isError && !categories.data ? (
        <FailureState error={categories.error} onRetry={() => void categories.refetch()} />
      ) : categories.data?.length === 0 ? (
        <EmptyState title="No categories yet" actions={create}>
          A category is what messages are about: order updates, offers, security. People switch each on and
          off by channel, and unsubscribe from one without losing the others. Send with{' '}
          <code className="tabular">category: "offers"</code>.
        </EmptyState>
      ) : (
        <Section title="Categories">
          <Card>
            <ListTable
              label="Categories"
              columns={columns}
              rows={categories.data}
              rowId={(row) => row.name}
              compact={(row) => ({
                first: row.displayName,
                aside: <DefaultMark category={row} />,
                second: (
                  <span className="flex flex-wrap gap-x-3">
                    <span className="tabular">{row.name}</span>
                    <span>{capWords(row.cap)}</span>
                  </span>
                ),
                actions: <EditButton category={row} onOpen={setOpen} />,
              })}
            />
          </Card>
        </Section>
      )}
      <PersonLookup />
      <ContactSettingsForm />
      <Suspense>
        {open !== undefined && (
          <CategoryDialog
            key={open === 'new' ? '' : open.name}
            category={open === 'new' ? undefined : open}
            onClose={() => setOpen(undefined)}
          />
        )}
      </Suspense>
    </ScrollPage>
  )
}

function DefaultMark({ category }: { category: Category }) {
  const tone = category.mandatory ? 'info' : category.offChannels.length > 0 ? 'quiet' : 'ok'
  return <StateMark tone={tone}>{defaultWords(category)}</StateMark>
}

function EditButton({ category, onOpen }: { category: Category; onOpen: (category: Category) => void }) {
  return (
    <Button size="sm" onClick={() => onOpen(category)} aria-label={`Edit ${category.displayName}`}>
      Edit
    </Button>
  )
}

const columnsWith = (onOpen: (category: Category) => void): ListColumn<Category>[] => [
  {
    title: 'Category',
    width: '24%',
    cell: (row) => <span className="font-medium">{row.displayName}</span>,
  },
  { title: 'Name', width: '18%', cell: (row) => <span className="tabular text-ink-2">{row.name}</span> },
  { title: 'By default', width: '22%', cell: (row) => <DefaultMark category={row} /> },
  { title: 'For each person', cell: (row) => capWords(row.cap) },
  {
    title: 'Quiet hours',
    width: '112px',
    cell: (row) => <span className="text-ink-2">{row.ignoresQuietHours ? 'Ignored' : 'Kept'}</span>,
  },
  {
    title: 'Edit',
    width: '84px',
    untitled: true,
    align: 'right',
    cell: (row) => <EditButton category={row} onOpen={onOpen} />,
  },
]
