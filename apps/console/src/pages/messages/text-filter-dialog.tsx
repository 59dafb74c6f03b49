import { useId, useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import type { TextFilter } from './message-filters.ts'

const words: Record<TextFilter, { label: string; help: string }> = {
  to: {
    label: 'Address',
    help: 'The whole address, for example ada@example.com. Capitals make no difference.',
  },
  recipient: { label: 'Recipient id', help: 'Your own id of the person, as the message was sent with.' },
  template: { label: 'Template', help: 'The name of the template, for example order-confirmed.' },
  provider: { label: 'Provider account', help: 'Its id, pac_….' },
  campaign: { label: 'Campaign', help: 'Its id, cmp_….' },
}

/** Asks for the text that a filter compares with. Filters are exact, so they stay quick on any number of messages. */
export function TextFilterDialog({
  name,
  value,
  onApply,
  onClose,
}: {
  name: TextFilter
  value: string
  onApply: (value: string) => void
  onClose: () => void
}) {
  const formId = useId()
  const [text, setText] = useState(value)
  const { label, help } = words[name]
  return (
    <Dialog open onOpenChange={onClose} title={`Filter by ${label.toLowerCase()}`}>
      <DialogBody>
        <form
          id={formId}
          onSubmit={(event) => {
            event.preventDefault()
            onApply(text.trim())
          }}
        >
          <Field label={label} help={help}>
            {(control) => (
              <TextInput
                {...control}
                value={text}
                onChange={(event) => setText(event.target.value)}
                autoComplete="off"
                spellCheck={false}
              />
            )}
          </Field>
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId}>
          Apply
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
