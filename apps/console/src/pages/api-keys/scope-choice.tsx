import { CircleAlert } from 'lucide-react'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { allScopes, scopes } from './scopes.ts'

/** What a key may do: everything, or some things. */
export function ScopeChoice({
  value,
  onChange,
  error,
}: {
  value: string[]
  onChange: (scopes: string[]) => void
  error: string | undefined
}) {
  const everything = value.includes(allScopes)
  return (
    <fieldset className="flex flex-col gap-2.5">
      <legend className="mb-2 text-sm font-medium">It may</legend>
      <Checkbox
        checked={everything}
        onChange={(on) => onChange(on ? [allScopes] : [])}
        label="Do everything"
      />
      <div className="grid gap-2.5 sm:grid-cols-2">
        {scopes.map(({ scope, title, help }) => (
          <Checkbox
            key={scope}
            checked={everything || value.includes(scope)}
            disabled={everything}
            onChange={(on) => onChange(on ? [...value, scope] : value.filter((other) => other !== scope))}
            label={title}
            help={help}
          />
        ))}
      </div>
      {error && (
        <p className="flex gap-1.5 text-xs text-bad">
          <CircleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
          {error}
        </p>
      )}
    </fieldset>
  )
}
