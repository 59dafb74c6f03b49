import { Tabs } from 'radix-ui'
import { createRemembered } from '../../remembered/remembered.ts'
import { CopyButton } from '../copy/copy-button.tsx'

/** The same thing said in one language. */
export interface SnippetTab {
  title: string
  code: string
}

const preferred = createRemembered('snippet', 'curl', (value): value is string => typeof value === 'string')

/** Code to paste and run, in the reader's language; the choice holds for every snippet of the console. */
export function Snippet({ label, tabs }: { label: string; tabs: readonly SnippetTab[] }) {
  const wanted = preferred.use()
  const current = tabs.find((tab) => tab.title === wanted) ?? tabs[0]
  if (!current) return null
  return (
    <Tabs.Root
      value={current.title}
      onValueChange={preferred.set}
      className="w-full overflow-hidden rounded-lg border border-line"
    >
      <div className="flex h-10 items-center border-b border-line bg-chrome pr-1.5 pl-2">
        <Tabs.List aria-label={label} className="mr-auto flex h-full">
          {tabs.map((tab) => (
            <Tabs.Trigger
              key={tab.title}
              value={tab.title}
              className="relative h-full px-2.5 text-sm text-ink-2 hover:text-ink data-[state=active]:font-medium data-[state=active]:text-ink data-[state=active]:after:absolute data-[state=active]:after:inset-x-2.5 data-[state=active]:after:-bottom-px data-[state=active]:after:h-[2px] data-[state=active]:after:bg-accent focus-visible:-outline-offset-2"
            >
              {tab.title}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <CopyButton text={current.code} />
      </div>
      {tabs.map((tab) => (
        <Tabs.Content
          key={tab.title}
          value={tab.title}
          className="overflow-x-auto focus-visible:-outline-offset-2"
        >
          <pre className="w-max p-4 text-left tabular text-xs leading-[19px]">{tab.code}</pre>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  )
}
