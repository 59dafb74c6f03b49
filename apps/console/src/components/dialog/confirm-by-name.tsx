import { type ReactNode, useId, useState } from 'react'
import { Button } from '../button/button.tsx'
import { FailureNote } from '../failure/failure-note.tsx'
import { Field } from '../field/field.tsx'
import { TextInput } from '../field/inputs.tsx'
import { Dialog, DialogBody, DialogButtons } from './dialog.tsx'

/** Asks for a name to be typed before something that cannot be undone. */
export function ConfirmByName({
  open,
  onOpenChange,
  title,
  consequence,
  name,
  verb,
  busy,
  error,
  onConfirm,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  consequence: ReactNode
  name: string
  verb: string
  busy: boolean
  error: unknown
  onConfirm: () => void
}) {
  const formId = useId()
  const [typed, setTyped] = useState('')
  const matches = typed.trim() === name
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        setTyped('')
        onOpenChange(next)
      }}
      title={title}
      description={consequence}
    >
      <DialogBody>
        <form
          id={formId}
          onSubmit={(event) => {
            event.preventDefault()
            if (matches && !busy) onConfirm()
          }}
        >
          <Field label={`Type “${name}” to confirm`}>
            {(control) => (
              <TextInput
                {...control}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                autoComplete="off"
                spellCheck={false}
              />
            )}
          </Field>
          {error != null && <FailureNote error={error} className="mt-4" />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={() => onOpenChange(false)}>Keep it</Button>
        <Button kind="danger" type="submit" form={formId} disabled={!matches} busy={busy}>
          {verb}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
