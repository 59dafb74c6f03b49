import { type ClipboardEvent, type ComponentProps, useState } from 'react'
import { TextArea, TextInput } from './inputs.tsx'

/**
 * A secret being typed or pasted. A pasted file (a key, a service account) has several lines, which a password input would
 * join: for those it becomes a masked area that keeps them.
 */
export function SecretInput({
  value,
  onChange,
  ...rest
}: Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type' | 'ref'> & {
  value: string
  onChange: (value: string) => void
}) {
  const [hasLines, setHasLines] = useState(false)
  const control = { ...rest, autoComplete: 'new-password', spellCheck: false, mono: true, value }
  if (hasLines) {
    const { id, name, onBlur: _, ...area } = control as ComponentProps<'textarea'> & { mono: boolean }
    return (
      <TextArea
        {...area}
        id={id}
        name={name}
        rows={3}
        style={{ WebkitTextSecurity: 'disc' } as object}
        onChange={(event) => {
          onChange(event.target.value)
          if (event.target.value === '') setHasLines(false)
        }}
      />
    )
  }
  function onPaste(event: ClipboardEvent<HTMLInputElement>): void {
    const text = event.clipboardData.getData('text').trim()
    if (!text.includes('\n')) return
    event.preventDefault()
    setHasLines(true)
    onChange(text)
  }
  return (
    <TextInput
      {...control}
      type="password"
      onPaste={onPaste}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}
