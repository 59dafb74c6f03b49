import { ListFilter, X } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { Menu, MenuCheck, MenuItem, SubMenu } from '../../components/menu/menu.tsx'
import { formatDayAndMinute } from '../../format/time.ts'
import { channels, channelWord } from '../../notify/channels.ts'
import { messageClasses, messageStates } from '../../notify/message-states.ts'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { hasFilters, type MessageFilters, noFilters, type TextFilter } from './message-filters.ts'

const TextFilterDialog = lazy(() =>
  import('./text-filter-dialog.tsx').then((module) => ({ default: module.TextFilterDialog })),
)

const spans: { title: string; ms: number }[] = [
  { title: 'Last 15 minutes', ms: 900_000 },
  { title: 'Last hour', ms: 3_600_000 },
  { title: 'Last 24 hours', ms: 86_400_000 },
  { title: 'Last 7 days', ms: 7 * 86_400_000 },
]

const textFilters: { name: TextFilter; title: string }[] = [
  { name: 'to', title: 'Address' },
  { name: 'recipient', title: 'Recipient id' },
  { name: 'template', title: 'Template' },
  { name: 'campaign', title: 'Campaign' },
]

/** The filters in force as chips, and the menu that adds more. Everything it does is in the address. */
export function FilterBar({
  filters,
  onChange,
}: {
  filters: MessageFilters
  onChange: (filters: MessageFilters) => void
}) {
  const [asking, setAsking] = useState<TextFilter>()
  const accounts = useProviderAccounts().data ?? []
  const set = (change: Partial<MessageFilters>) => onChange({ ...filters, ...change })

  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <Menu
        label="Filters"
        trigger={
          <Button>
            <ListFilter aria-hidden />
            Filter
          </Button>
        }
      >
        <SubMenu label="State">
          {[...messageStates].map(([state, { word }]) => (
            <MenuCheck
              key={state}
              checked={filters.states.includes(state)}
              onChange={() => set({ states: toggled(filters.states, state) })}
            >
              {word}
            </MenuCheck>
          ))}
        </SubMenu>
        <SubMenu label="Channel">
          {[...channels].map(([channel, { word }]) => (
            <MenuCheck
              key={channel}
              checked={filters.channels.includes(channel)}
              onChange={() => set({ channels: toggled(filters.channels, channel) })}
            >
              {word}
            </MenuCheck>
          ))}
        </SubMenu>
        <SubMenu label="Class">
          {[...messageClasses].map(([messageClass, { word }]) => (
            <MenuCheck
              key={messageClass}
              checked={filters.classes.includes(messageClass)}
              onChange={() => set({ classes: toggled(filters.classes, messageClass) })}
            >
              {word}
            </MenuCheck>
          ))}
        </SubMenu>
        {textFilters.map(({ name, title }) => (
          <MenuItem key={name} onSelect={() => setAsking(name)}>
            {title}
          </MenuItem>
        ))}
        <SubMenu label="Provider">
          {accounts.map((account) => (
            <MenuItem
              key={account.providerAccountId}
              onSelect={() => set({ provider: account.providerAccountId })}
            >
              {account.displayName}
            </MenuItem>
          ))}
        </SubMenu>
        <SubMenu label="Accepted">
          {spans.map(({ title, ms }) => (
            <MenuItem
              key={title}
              onSelect={() =>
                set({ after: Math.floor((Date.now() - ms) / 1_000) * 1_000, before: undefined })
              }
            >
              {title}
            </MenuItem>
          ))}
        </SubMenu>
      </Menu>
      {filters.states.length > 0 && (
        <Chip name="State" onRemove={() => set({ states: [] })}>
          {filters.states.map((state) => messageStates.get(state)?.word).join(', ')}
        </Chip>
      )}
      {filters.channels.length > 0 && (
        <Chip name="Channel" onRemove={() => set({ channels: [] })}>
          {filters.channels.map(channelWord).join(', ')}
        </Chip>
      )}
      {filters.classes.length > 0 && (
        <Chip name="Class" onRemove={() => set({ classes: [] })}>
          {filters.classes.map((messageClass) => messageClasses.get(messageClass)?.word).join(', ')}
        </Chip>
      )}
      {textFilters.map(
        ({ name, title }) =>
          filters[name] && (
            <Chip key={name} name={title} onEdit={() => setAsking(name)} onRemove={() => set({ [name]: '' })}>
              {filters[name]}
            </Chip>
          ),
      )}
      {filters.provider && (
        <Chip name="Provider" onRemove={() => set({ provider: '' })}>
          {accounts.find((account) => account.providerAccountId === filters.provider)?.displayName ??
            filters.provider}
        </Chip>
      )}
      {(filters.after !== undefined || filters.before !== undefined) && (
        <Chip name="Accepted" onRemove={() => set({ after: undefined, before: undefined })}>
          {[
            filters.after !== undefined && `from ${formatDayAndMinute(filters.after)}`,
            filters.before !== undefined && `to ${formatDayAndMinute(filters.before)}`,
          ]
            .filter(Boolean)
            .join(' ')}
        </Chip>
      )}
      {hasFilters(filters) && (
        <Button kind="ghost" onClick={() => onChange(noFilters)}>
          Clear
        </Button>
      )}
      <Suspense>
        {asking && (
          <TextFilterDialog
            name={asking}
            value={filters[asking]}
            onClose={() => setAsking(undefined)}
            onApply={(value) => {
              set({ [asking]: value })
              setAsking(undefined)
            }}
          />
        )}
      </Suspense>
    </div>
  )
}

function Chip({
  name,
  children,
  onEdit,
  onRemove,
}: {
  name: string
  children: ReactNode
  onEdit?: () => void
  onRemove: () => void
}) {
  const text = (
    <>
      <span className="text-ink-3">{name}</span> {children}
    </>
  )
  return (
    <span className="inline-flex h-8 max-w-72 items-center rounded-md border border-line-strong bg-raised text-sm">
      {onEdit ? (
        <button
          type="button"
          onClick={onEdit}
          className="h-full min-w-0 truncate rounded-md pr-1 pl-2.5 hover:text-accent"
        >
          {text}
        </button>
      ) : (
        <span className="min-w-0 truncate pr-1 pl-2.5">{text}</span>
      )}
      <button
        type="button"
        onClick={onRemove}
        aria-label={`Remove filter ${name}`}
        className="mr-0.5 flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink"
      >
        <X className="size-3.5" aria-hidden />
      </button>
    </span>
  )
}

function toggled<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item]
}
