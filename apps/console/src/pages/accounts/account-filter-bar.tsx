import { type FormEvent, useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { useKinds } from '../apps/use-apps.ts'
import { accountStates } from './account-states.ts'
import type { AccountFilters } from './use-accounts.ts'

const ACCOUNT_ID = /^acc_[0-9a-z]{26}$/

/** Finds accounts by what they sign in by, by name, kind and state; a whole id opens the account. */
export function AccountFilterBar({
  filters,
  onChange,
  onOpen,
}: {
  filters: AccountFilters
  onChange: (filters: AccountFilters) => void
  onOpen: (accountId: string) => void
}) {
  const { text, kind, state } = filters
  const kinds = useKinds().data ?? []
  const isListed = kind === '' || kinds.some((one) => one.kind === kind)
  return (
    <div className="flex flex-wrap items-center gap-2">
      <TextSearch
        key={text}
        value={text}
        onApply={(next) => (ACCOUNT_ID.test(next) ? onOpen(next) : onChange({ ...filters, text: next }))}
      />
      <Select
        aria-label="Kind"
        value={kind}
        onChange={(event) => onChange({ ...filters, kind: event.target.value })}
        className="max-w-[calc(50%-4px)] sm:max-w-40"
      >
        <option value="">Every kind</option>
        {!isListed && <option value={kind}>{kind}</option>}
        {kinds.map((one) => (
          <option key={one.kind} value={one.kind}>
            {one.displayName || one.kind}
          </option>
        ))}
      </Select>
      <Select
        aria-label="State"
        value={state}
        onChange={(event) => onChange({ ...filters, state: event.target.value })}
        className="max-w-[calc(50%-4px)] sm:max-w-40"
      >
        <option value="">All but deleted</option>
        {[...accountStates.values()].map(({ slug, word }) => (
          <option key={slug} value={slug}>
            {word}
          </option>
        ))}
      </Select>
      {(text || kind || state) !== '' && (
        <Button kind="ghost" onClick={() => onChange({ text: '', kind: '', state: '' })}>
          Clear
        </Button>
      )}
    </div>
  )
}

function TextSearch({ value, onApply }: { value: string; onApply: (value: string) => void }) {
  const [text, setText] = useState(value)
  function submit(event: FormEvent): void {
    event.preventDefault()
    onApply(text.trim())
  }
  return (
    <form onSubmit={submit} className="w-full max-w-80">
      <TextInput
        type="search"
        aria-label="Find by phone, email, name or id"
        placeholder="Phone, email or name begins with, or an id"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </form>
  )
}
