import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useForm } from 'react-hook-form'
import { Link } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { PromiseFacts } from './promise-list.tsx'
import type { ProviderChoice } from './provider-choices.ts'
import { type ProviderFields, toAccount } from './provider-fields.ts'
import { HttpFields, SharedFields, SmtpFields } from './provider-form-fields.tsx'
import { ReportAddress } from './report-address.tsx'
import { ServiceFields } from './service-fields.tsx'

/** The form of one account: new, of a choice, or one that is there. */
export function ProviderForm({
  account,
  choice,
  initial,
  onClose,
}: {
  account: ProviderAccount | undefined
  /** Undefined for the sandbox, and for a kind that this server no longer knows. */
  choice: ProviderChoice | undefined
  initial: ProviderFields
  onClose: () => void
}) {
  const queries = useQueryClient()
  const form = useForm<ProviderFields>({ defaultValues: initial })
  const { kind } = initial
  const service = choice?.service
  const save = useMutation({
    mutationFn: (fields: ProviderFields) => (account ? update(account, fields) : add(fields)),
    async onSuccess(saved) {
      await queries.invalidateQueries({ queryKey: ['provider-accounts'] })
      toast.success(
        account
          ? `Saved ${saved.displayName}.`
          : `Added ${saved.displayName}. Verify it before you rely on it.`,
      )
      onClose()
    },
    onError: (error) =>
      setViolations(error, 'provider_account', form) || setViolations(error, 'providerAccount', form),
  })
  return (
    <form
      noValidate
      className="flex min-h-full flex-col"
      onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
    >
      <div className="flex flex-1 flex-col gap-5 px-4 py-5 lg:px-5">
        {choice && <About choice={choice} isNew={!account} />}
        {account && service?.reports && <ReportAddress url={account.reportUrl} title={service.title} />}
        <SharedFields form={form} kind={kind} senderHelp={senderHelp(kind, service?.senderHelp)} />
        {kind === 'smtp' && <SmtpFields form={form} isNew={!account} />}
        {kind === 'http' && <HttpFields form={form} isNew={!account} />}
        {service && (
          <ServiceFields
            form={form}
            kind={service}
            stored={account?.config.case === 'service' ? account.config.value.storedSecrets : []}
          />
        )}
        {save.error && <FailureNote error={save.error} />}
      </div>
      <div className="sticky bottom-0 flex justify-end gap-2 border-t border-line bg-canvas px-4 py-3 lg:px-5">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" busy={save.isPending}>
          {account ? 'Save changes' : 'Add provider'}
        </Button>
      </div>
    </form>
  )
}

/** What was chosen and what it promises, with the way back to the others. */
function About({ choice, isNew }: { choice: ProviderChoice; isNew: boolean }) {
  const link = 'text-xs text-accent underline-offset-2 hover:underline'
  return (
    <section aria-label={`About ${choice.title}`} className="rounded-lg border border-line px-3.5 py-3">
      <div className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="mr-auto text-sm font-medium">{choice.title}</h3>
        {choice.documentationUri && (
          <a
            href={choice.documentationUri}
            target="_blank"
            rel="noreferrer"
            className={`inline-flex items-center gap-1 ${link}`}
          >
            Documentation
            <ExternalLink className="size-3" aria-hidden />
          </a>
        )}
        {isNew && (
          <Link to="/providers/new" className={link}>
            Choose another
          </Link>
        )}
      </div>
      <PromiseFacts promises={choice.promises} />
    </section>
  )
}

function senderHelp(kind: ProviderFields['kind'], ofService: string | undefined): string {
  if (ofService) return ofService
  if (kind === 'http') return 'Handed to the endpoint as it is: an address, a number or a name.'
  return 'The address that mail comes from, for example Acme <hello@acme.example>.'
}

function add(fields: ProviderFields): Promise<ProviderAccount> {
  return mainstay().notify.createProviderAccount({ providerAccount: { ...toAccount(fields), enabled: true } })
}

function update(account: ProviderAccount, fields: ProviderFields): Promise<ProviderAccount> {
  const { providerAccountId, etag } = account
  return mainstay().notify.updateProviderAccount({
    providerAccount: { ...toAccount(fields), providerAccountId, etag },
    updateMask: {
      paths: [
        'display_name',
        'sender',
        'priority',
        'test',
        ...(fields.kind === 'sandbox' ? [] : [fields.kind]),
      ],
    },
  })
}
