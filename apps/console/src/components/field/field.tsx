import { CircleAlert } from 'lucide-react'
import { type ReactNode, useId } from 'react'

/** What ties a control to its label, help and error. Spread it over the control. */
export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

/** A control with its label above and its help below; an error takes the place of the help and says what to do. */
export function Field({
  label,
  help,
  error,
  optional = false,
  children,
}: {
  label: string
  help?: ReactNode
  error?: string | undefined
  optional?: boolean
  children: (control: ControlProps) => ReactNode
}) {
  const id = useId()
  const noteId = `${id}-note`
  const hasNote = Boolean(error) || help !== undefined
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
        {optional && <span className="ml-1.5 font-normal text-ink-3">optional</span>}
      </label>
      {children({
        id,
        'aria-describedby': hasNote ? noteId : undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hasNote && (
        <p id={noteId} className={error ? 'flex gap-1.5 text-xs text-bad' : 'text-xs text-ink-3'}>
          {error && <CircleAlert className="mt-px size-3.5 shrink-0" aria-hidden />}
          <span>{error || help}</span>
        </p>
      )}
    </div>
  )
}
