import { Channel } from '@mainstay/proto/notify/v1'
import type { FieldErrors, RegisterOptions, UseFormRegisterReturn } from 'react-hook-form'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { channels } from '../../notify/channels.ts'

/** What caps and pins are about. */
export interface Scope {
  /** `CHANNEL_SMS`; empty: all. */
  channel: string
  /** `DE`; empty: all. */
  country: string
}

/** Asks for a channel and a country, each of which may be all. */
export function ScopeFields({
  register,
  errors,
}: {
  register: (
    name: keyof Scope,
    options?: Pick<RegisterOptions<Scope, keyof Scope>, 'pattern'>,
  ) => UseFormRegisterReturn
  errors: FieldErrors<Scope>
}) {
  return (
    <div className="grid grid-cols-2 gap-4">
      <Field label="Channel" error={errors.channel?.message}>
        {(control) => (
          <Select {...control} {...register('channel')}>
            <option value="">All channels</option>
            {[...channels].map(([channel, { word }]) => (
              <option key={channel} value={`CHANNEL_${Channel[channel]}`}>
                {word}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Country" help="Two letters, such as DE. Empty: all." error={errors.country?.message}>
        {(control) => (
          <TextInput
            {...control}
            maxLength={2}
            autoComplete="off"
            spellCheck={false}
            className="uppercase"
            {...register('country', {
              pattern: { value: /^([A-Za-z]{2})?$/, message: 'Use two letters, such as DE.' },
            })}
          />
        )}
      </Field>
    </div>
  )
}
