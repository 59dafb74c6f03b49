import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import type { TemplateState } from './template-state.ts'

/** Chooses the locale that is written and shown, and adds one. */
export function LocaleBar({
  state,
  locale,
  onChoose,
  onAdd,
}: {
  state: TemplateState
  locale: string
  onChoose: (locale: string) => void
  onAdd: (locale: string) => void
}) {
  const [adding, setAdding] = useState(false)
  const locales = [...new Set([...Object.keys(state.parts), ...Object.keys(state.sentences)])]
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segmented
        label="Locale"
        value={locale}
        onChange={onChoose}
        className="max-w-full overflow-x-auto"
        choices={locales.map((one) => ({
          value: one,
          label: (
            <>
              <span className="tabular text-xs">{one}</span>
              {one === state.defaultLocale && locales.length > 1 && (
                <span className="text-xs text-ink-3">default</span>
              )}
            </>
          ),
        }))}
      />
      <Button size="sm" kind="ghost" onClick={() => setAdding(true)}>
        <Plus aria-hidden />
        Add locale
      </Button>
      {adding && (
        <AddLocaleDialog
          taken={locales}
          onClose={() => setAdding(false)}
          onAdd={(one) => {
            setAdding(false)
            onAdd(one)
          }}
        />
      )}
    </div>
  )
}

function AddLocaleDialog({
  taken,
  onClose,
  onAdd,
}: {
  taken: readonly string[]
  onClose: () => void
  onAdd: (locale: string) => void
}) {
  const [text, setText] = useState('')
  const [error, setError] = useState<string>()
  const add = () => {
    const locale = canonical(text.trim())
    if (locale === undefined) setError('Write a language tag such as pt or pt-BR.')
    else if (taken.includes(locale)) setError(`${locale} is there already.`)
    else onAdd(locale)
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Add a locale"
      description="It begins with the parts of the default. Whoever has no words in it gets the next wider: pt-BR, pt, then the default."
    >
      <DialogBody>
        <Field label="Locale" error={error}>
          {(control) => (
            <TextInput
              {...control}
              mono
              autoComplete="off"
              placeholder="pt-BR"
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                add()
              }}
            />
          )}
        </Field>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" onClick={add}>
          Add locale
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function canonical(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}
