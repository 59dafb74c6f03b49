import { SmtpSecurity } from '@mainstay/proto/notify/v1'
import { Controller, type UseFormReturn } from 'react-hook-form'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import type { ProviderFields } from './provider-fields.ts'

type Form = UseFormReturn<ProviderFields>

export function SharedFields({
  form,
  kind,
  senderHelp,
}: {
  form: Form
  kind: ProviderFields['kind']
  senderHelp: string
}) {
  const { errors } = form.formState
  return (
    <>
      <Field label="Name" error={errors.displayName?.message}>
        {(control) => (
          <TextInput
            {...control}
            autoComplete="off"
            {...form.register('displayName', {
              required: 'Give it a name, so that people can tell it from the others.',
            })}
          />
        )}
      </Field>
      <Field label="Sender" help={senderHelp} error={errors.sender?.message}>
        {(control) => (
          <TextInput
            {...control}
            autoComplete="off"
            {...form.register('sender', {
              validate: (sender) =>
                kind !== 'smtp' ||
                /^$|\S+@\S+/.test(sender) ||
                'Write an address, with or without a name before it.',
            })}
          />
        )}
      </Field>
      <Field
        label="Priority"
        help="Accounts with a lower number are tried first."
        error={errors.priority?.message}
      >
        {(control) => (
          <TextInput
            {...control}
            type="number"
            min={0}
            max={1000}
            className="max-w-32"
            {...form.register('priority', {
              valueAsNumber: true,
              min: { value: 0, message: 'Use a number from 0 to 1,000.' },
              max: { value: 1000, message: 'Use a number from 0 to 1,000.' },
              validate: (value) => Number.isInteger(value) || 'Use a whole number.',
            })}
          />
        )}
      </Field>
      {kind !== 'sandbox' && (
        <Controller
          control={form.control}
          name="test"
          render={({ field }) => (
            <fieldset className="flex flex-col items-start">
              <legend className="mb-1.5 text-sm font-medium">Carries</legend>
              <Segmented
                label="Carries"
                value={field.value ? 'test' : 'live'}
                onChange={(value) => field.onChange(value === 'test')}
                choices={[
                  { value: 'live', label: 'Live messages' },
                  { value: 'test', label: 'Test messages' },
                ]}
              />
              <p className="mt-1.5 text-xs text-ink-3">
                {field.value
                  ? 'What test keys send goes out through it, for real.'
                  : 'What live keys send goes out through it, to real people.'}
              </p>
            </fieldset>
          )}
        />
      )}
    </>
  )
}

export function SmtpFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { errors } = form.formState
  return (
    <>
      <div className="grid grid-cols-[minmax(0,1fr)_104px] gap-3">
        <Field label="Host" error={errors.host?.message}>
          {(control) => (
            <TextInput
              {...control}
              mono
              autoComplete="off"
              spellCheck={false}
              placeholder="smtp.example.com"
              {...form.register('host', { required: 'Name the server, for example smtp.example.com.' })}
            />
          )}
        </Field>
        <Field label="Port" error={errors.port?.message}>
          {(control) => (
            <TextInput
              {...control}
              mono
              type="number"
              {...form.register('port', {
                valueAsNumber: true,
                validate: (port) => (port >= 1 && port <= 65_535) || 'Use 1 to 65535.',
              })}
            />
          )}
        </Field>
      </div>
      <Field
        label="Encryption"
        help="Unencrypted is only for servers on this machine or a network you trust."
        error={errors.security?.message}
      >
        {(control) => (
          <Select {...control} {...form.register('security', { valueAsNumber: true })}>
            <option value={SmtpSecurity.STARTTLS}>STARTTLS: starts plain and must switch to TLS (587)</option>
            <option value={SmtpSecurity.TLS}>TLS from the first byte (465)</option>
            <option value={SmtpSecurity.NONE}>None</option>
          </Select>
        )}
      </Field>
      <Field
        label="User name"
        optional
        help="Leave it empty to connect without signing in."
        error={errors.username?.message}
      >
        {(control) => (
          <TextInput {...control} mono autoComplete="off" spellCheck={false} {...form.register('username')} />
        )}
      </Field>
      <Field label="Password" optional help={secretHelp(isNew)} error={errors.password?.message}>
        {(control) => (
          <TextInput
            {...control}
            mono
            type="password"
            autoComplete="new-password"
            {...form.register('password')}
          />
        )}
      </Field>
      <Field
        label="Connections"
        help="How many each worker keeps open, at most."
        error={errors.maxConnections?.message}
      >
        {(control) => (
          <TextInput
            {...control}
            type="number"
            className="max-w-32"
            {...form.register('maxConnections', {
              valueAsNumber: true,
              validate: (count) => (count >= 1 && count <= 100) || 'Use 1 to 100.',
            })}
          />
        )}
      </Field>
    </>
  )
}

export function HttpFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { errors } = form.formState
  return (
    <>
      <Field label="Address" error={errors.url?.message}>
        {(control) => (
          <TextInput
            {...control}
            mono
            type="url"
            autoComplete="off"
            spellCheck={false}
            placeholder="https://mail.example.com/messages"
            {...form.register('url', {
              validate: (url) => URL.canParse(url) || 'Write the whole address, with https:// in front.',
            })}
          />
        )}
      </Field>
      <Field label="Bearer token" optional help={secretHelp(isNew)} error={errors.bearerToken?.message}>
        {(control) => (
          <TextInput
            {...control}
            mono
            type="password"
            autoComplete="new-password"
            {...form.register('bearerToken')}
          />
        )}
      </Field>
    </>
  )
}

function secretHelp(isNew: boolean): string {
  return isNew ? 'It is encrypted and never shown again.' : 'Leave it empty to keep the one that is stored.'
}
