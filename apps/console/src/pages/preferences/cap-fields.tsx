import type { FieldValues, Path, UseFormReturn } from 'react-hook-form'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'

/** How many messages one person gets. Empty: as many as are sent. */
export function CapFields<T extends FieldValues & { perDay: string; perWeek: string }>({
  form,
}: {
  form: UseFormReturn<T>
}) {
  const errorOf = (name: string): string | undefined => {
    const message = form.formState.errors[name]?.message
    return typeof message === 'string' ? message : undefined
  }
  return (
    <div className="grid grid-cols-2 gap-3">
      {caps.map(({ name, label, most }) => (
        <Field key={name} label={label} optional error={errorOf(name)}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              autoComplete="off"
              placeholder="No cap"
              {...form.register(name as Path<T>, {
                validate: (value) =>
                  value === '' ||
                  (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= most) ||
                  `Use a number from 1 to ${most.toLocaleString('en-GB')}, or leave it empty.`,
              })}
            />
          )}
        </Field>
      ))}
    </div>
  )
}

const caps = [
  { name: 'perDay', label: 'Most in a day', most: 1000 },
  { name: 'perWeek', label: 'Most in a week', most: 5000 },
] as const

/** Undefined: none. */
export function readCap(perDay: string, perWeek: string): { perDay: number; perWeek: number } | undefined {
  if (perDay === '' && perWeek === '') return undefined
  return { perDay: Number(perDay), perWeek: Number(perWeek) }
}
