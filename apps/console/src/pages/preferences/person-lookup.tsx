import { type FormEvent, useState } from 'react'
import { useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { Section } from '../../components/page/page.tsx'
import { RecipientPreferences } from './recipient-preferences.tsx'

/** What one person gets, found by their id, which stands in the page's address. */
export function PersonLookup() {
  const [search, setSearch] = useSearchParams()
  const recipientId = search.get('recipient') ?? ''
  return (
    <Section title="What a person gets">
      <div className="flex flex-col gap-3">
        <RecipientSearch
          key={recipientId}
          value={recipientId}
          onApply={(next) => setSearch(next === '' ? {} : { recipient: next })}
        />
        {recipientId !== '' && <RecipientPreferences key={recipientId} recipientId={recipientId} />}
      </div>
    </Section>
  )
}

function RecipientSearch({ value, onApply }: { value: string; onApply: (value: string) => void }) {
  const [text, setText] = useState(value)
  function submit(event: FormEvent): void {
    event.preventDefault()
    onApply(text.trim())
  }
  return (
    <form onSubmit={submit} className="flex w-full max-w-md gap-2">
      <TextInput
        type="search"
        mono
        aria-label="Recipient's id"
        placeholder="Recipient's id"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <Button type="submit">Look up</Button>
    </form>
  )
}
