import type { Setting } from '@mainstay/proto/system/v1'
import { useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'

/** Every setting the program runs with. They are set by environment variables, so they are read-only here. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const find = search.get('find') ?? ''
  const onlyChanged = search.get('changed') === '1'
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: async ({ signal }) => (await mainstay().system.listSettings({}, { signal })).settings,
  })
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search)
    if (value) next.set(name, value)
    else next.delete(name)
    setSearch(next, { replace: true })
  }
  if (settings.isError) return <FailureState error={settings.error} onRetry={() => void settings.refetch()} />
  if (!settings.data) {
    return (
      <Card className="flex flex-col gap-5 p-4">
        <Loading what="settings" />
        {[0, 1, 2, 3, 4, 5].map((row) => (
          <Skeleton key={row} className="w-2/3" />
        ))}
      </Card>
    )
  }
  const groups = groupByCapability(settings.data.filter((setting) => matches(setting, find, onlyChanged)))
  return (
    <>
      <div className="flex flex-wrap items-center gap-4">
        <TextInput
          type="search"
          aria-label="Find a setting"
          placeholder="Find a setting"
          className="max-w-80"
          value={find}
          onChange={(event) => set('find', event.target.value)}
        />
        <Checkbox
          checked={onlyChanged}
          onChange={(on) => set('changed', on ? '1' : '')}
          label="Only changed from the default"
        />
      </div>
      {groups.size === 0 && (
        <EmptyState title="No setting matches">Try fewer letters, or clear the filter.</EmptyState>
      )}
      {[...groups].map(([capability, list]) => (
        <Section key={capability} title={capability}>
          <Card>
            <dl>
              {list.map((setting) => (
                <SettingRow key={setting.env} setting={setting} />
              ))}
            </dl>
          </Card>
        </Section>
      ))}
    </>
  )
}

function SettingRow({ setting }: { setting: Setting }) {
  return (
    <div className="grid gap-x-6 gap-y-1 border-line px-4 py-3 not-first:border-t md:grid-cols-[minmax(0,1fr)_minmax(0,260px)]">
      <dt className="min-w-0">
        <Copyable text={setting.env} what="name" className="!text-ink" />
        <p className="mt-0.5 text-sm text-ink-2">
          <WithCode text={setting.documentation} />
        </p>
      </dt>
      <dd className="min-w-0 text-sm md:text-right">
        <span className="tabular text-xs [overflow-wrap:anywhere]">{setting.value || '–'}</span>
        <p className="text-xs text-ink-3">
          {setting.overridden ? `set; default ${setting.defaultValue || 'none'}` : 'default'}
        </p>
      </dd>
    </div>
  )
}

/** Words between backticks are set as code. */
function WithCode({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
      <code key={index} className="tabular text-xs text-ink">
        {part}
      </code>
    ) : (
      part
    ),
  )
}

function matches(setting: Setting, find: string, onlyChanged: boolean): boolean {
  if (onlyChanged && !setting.overridden) return false
  return `${setting.env} ${setting.documentation}`.toLowerCase().includes(find.trim().toLowerCase())
}

function groupByCapability(settings: Setting[]): Map<string, Setting[]> {
  return Map.groupBy(settings, (setting) => setting.capability)
}
