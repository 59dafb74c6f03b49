import type { ProviderField, ProviderKind } from '@mainstay/proto/notify/v1/provider-kinds'
import { Lock } from 'lucide-react'
import { Controller, type UseFormReturn } from 'react-hook-form'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { SecretInput } from '../../components/field/secret-input.tsx'
import type { ProviderFields } from './provider-fields.ts'

type Form = UseFormReturn<ProviderFields>

/** What the kind of service declares: secrets masked, choices as selects, each with where to find it. */
export function ServiceFields({
  form,
  kind,
  stored,
}: {
  form: Form
  kind: ProviderKind
  /** Names of the secrets that the server holds. */
  stored: readonly string[]
}) {
  return kind.fields.map((field) => (
    <ServiceField key={field.name} form={form} field={field} isStored={stored.includes(field.name)} />
  ))
}

function ServiceField({ form, field, isStored }: { form: Form; field: ProviderField; isStored: boolean }) {
  const place = field.secret ? 'secrets' : 'settings'
  const name = `${place}.${field.name}` as const
  const error = form.getFieldState(name, form.formState).error?.message
  const required = field.required && !isStored ? `It cannot do without. ${field.help}` : (false as const)
  return (
    <Field
      label={field.label}
      optional={!field.required}
      error={error}
      help={
        isStored ? (
          <>
            <span className="mr-1.5 inline-flex items-center gap-1 font-medium text-ok">
              <Lock className="size-3" aria-hidden />
              Stored.
            </span>
            Leave it empty to keep it. {field.help}
          </>
        ) : (
          field.help
        )
      }
    >
      {(control) =>
        field.secret ? (
          <Controller
            control={form.control}
            name={name}
            rules={{ required }}
            render={({ field: { value, onChange, onBlur } }) => (
              <SecretInput
                {...control}
                value={value ?? ''}
                onChange={onChange}
                onBlur={onBlur}
                placeholder={isStored ? '••••••••' : undefined}
              />
            )}
          />
        ) : field.choices.length > 0 ? (
          <Select {...control} {...form.register(name)}>
            {field.choices.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </Select>
        ) : (
          <TextInput
            {...control}
            mono
            autoComplete="off"
            spellCheck={false}
            {...form.register(name, { required })}
          />
        )
      }
    </Field>
  )
}
