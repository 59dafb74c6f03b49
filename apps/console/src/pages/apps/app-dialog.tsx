import { type Client, Clients } from '@mainstay/proto/identity/v1/clients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { mode } from '../../session/mode.ts'
import { useKinds } from './use-apps.ts'

interface Fields {
  displayName: string
  kind: string
  audience: string
  webOtpDomain: string
  smsRetrieverHash: string
}

/** Makes an app, or changes one: its kind and mode stay. */
export function AppDialog({ app, onClose }: { app?: Client; onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const kinds = useKinds().data ?? []
  const form = useForm<Fields>({
    defaultValues: {
      displayName: app?.displayName ?? '',
      kind: app?.kind ?? 'customer',
      audience: app?.audience ?? '',
      webOtpDomain: app?.webOtpDomain ?? '',
      smsRetrieverHash: app?.smsRetrieverHash ?? '',
    },
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (fields: Fields) => saveApp(app, fields),
    async onSuccess({ displayName }) {
      await queries.invalidateQueries({ queryKey: ['apps'] })
      toast.success(`${displayName} is ${app ? 'saved' : 'created'}.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'client', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={app ? `Edit ${app.displayName}` : `Create ${mode.get()} app`}
      {...(!app && {
        description:
          mode.get() === 'live' ? 'Real people sign in to it.' : 'Only test accounts sign in to it.',
      })}
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
        >
          <Field label="Name" error={errors.displayName?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('displayName', {
                  validate: (value) => value.trim() !== '' || 'Give it a name, such as Driver app.',
                  maxLength: { value: 80, message: 'Use at most 80 characters.' },
                })}
              />
            )}
          </Field>
          {!app && (
            <Field label="Kind" help="What its people are. It stays." error={errors.kind?.message}>
              {(control) => (
                <Select {...control} {...form.register('kind')}>
                  {kinds.map(({ kind, displayName }) => (
                    <option key={kind} value={kind}>
                      {displayName || kind}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          )}
          <Field
            label="Audience"
            optional={!app}
            help="Where its access tokens are good: your API checks it as aud. Unset: the project and the kind."
            error={errors.audience?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                mono
                autoComplete="off"
                spellCheck={false}
                {...form.register('audience', {
                  maxLength: { value: 200, message: 'Use at most 200 characters.' },
                  ...(app && { validate: (value) => value.trim() !== '' || 'Name an audience.' }),
                })}
              />
            )}
          </Field>
          <Field
            label="Web site"
            optional
            help="Browsers fill codes in on its forms by themselves: example.com"
            error={errors.webOtpDomain?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                spellCheck={false}
                {...form.register('webOtpDomain')}
              />
            )}
          </Field>
          <Field
            label="SMS Retriever hash"
            optional
            help="11 characters, by which Android hands the message to the app."
            error={errors.smsRetrieverHash?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                mono
                autoComplete="off"
                spellCheck={false}
                {...form.register('smsRetrieverHash', {
                  pattern: { value: /^([A-Za-z0-9+/]{11})?$/, message: 'It has exactly 11 characters.' },
                })}
              />
            )}
          </Field>
          {save.error && <FailureNote error={save.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={save.isPending}>
          {app ? 'Save app' : 'Create app'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function saveApp(app: Client | undefined, fields: Fields): Promise<Client> {
  const { kind, smsRetrieverHash } = fields
  const client = {
    smsRetrieverHash,
    displayName: fields.displayName.trim(),
    audience: fields.audience.trim(),
    webOtpDomain: fields.webOtpDomain.trim().toLowerCase(),
  }
  if (!app) return serviceOf(Clients).createClient({ client: { ...client, kind } })
  return serviceOf(Clients).updateClient({
    client: { ...client, clientId: app.clientId },
    updateMask: { paths: ['display_name', 'audience', 'web_otp_domain', 'sms_retriever_hash'] },
  })
}
