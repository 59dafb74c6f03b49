import { useId, useState } from 'react'
import { Link } from 'react-router'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { useProviderKinds } from '../../notify/provider-kinds.ts'
import { PromiseLine } from './promise-list.tsx'
import { groupChoices, type ProviderChoice, providerChoices } from './provider-choices.ts'

/** The first step of adding a provider: which one, by channel, with what each promises. */
export function ProviderChooser() {
  const kinds = useProviderKinds()
  const [text, setText] = useState('')
  if (kinds.isError) return <FailureState error={kinds.error} onRetry={() => void kinds.refetch()} />
  const groups = kinds.data && groupChoices(providerChoices(kinds.data), text)
  return (
    <div className="flex flex-col gap-5 px-4 py-5 lg:px-5">
      <TextInput
        type="search"
        aria-label="Search providers"
        placeholder="Search by name or channel"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
      {!groups ? <ChooserSkeleton /> : groups.map((group) => <Group key={group.title} {...group} />)}
      {groups?.length === 0 && (
        <p className="text-sm text-ink-2">
          No provider has that name. Any mail service that speaks SMTP works as an SMTP server, and anything
          else behind an HTTP endpoint of your own.
        </p>
      )}
    </div>
  )
}

function Group({ title, choices }: { title: string; choices: ProviderChoice[] }) {
  const headingId = useId()
  return (
    <section aria-labelledby={headingId}>
      <h3 id={headingId} className="mb-2 text-sm font-semibold">
        {title}
      </h3>
      <ul className="overflow-hidden rounded-lg border border-line">
        {choices.map((choice) => (
          <li
            key={choice.slug}
            className="relative border-line px-3.5 py-2.5 not-first:border-t hover:bg-hover"
          >
            <Link
              to={`/providers/new?kind=${choice.slug}`}
              className="stretched text-sm font-medium outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
            >
              {choice.title}
            </Link>
            <div className="mt-0.5">
              <PromiseLine promises={choice.promises} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

function ChooserSkeleton() {
  return (
    <div className="flex flex-col gap-3">
      <Loading what="providers" />
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} className="h-14 w-full" />
      ))}
    </div>
  )
}
