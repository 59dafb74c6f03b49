import { type Campaign, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { AudienceFields } from './audience-fields.tsx'
import { type CampaignFields, emptyFields, fieldsOf, MASK, toCampaign } from './campaign-fields.ts'
import { useKeepCampaign } from './campaigns.ts'
import { ContentFields, useChannel } from './content-fields.tsx'
import { ContentPreview } from './content-preview.tsx'
import { TimeFields } from './time-fields.tsx'

const CampaignTestDialog = lazy(() =>
  import('./test-dialog.tsx').then((module) => ({ default: module.CampaignTestDialog })),
)
const StartDialog = lazy(() =>
  import('./start-dialog.tsx').then((module) => ({ default: module.StartDialog })),
)

/** Writes a draft: what it says, to whom, when; a test; and the start. */
export function CampaignEditor({ campaign }: { campaign: Campaign | undefined }) {
  const navigate = useNavigate()
  const keep = useKeepCampaign()
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'test' | 'start'>()
  const form = useForm<CampaignFields>({ defaultValues: campaign ? fieldsOf(campaign) : emptyFields })
  const fields = form.watch()
  const channel = useChannel(fields)
  const save = useMutation({
    mutationFn: (said: CampaignFields) =>
      campaign === undefined
        ? serviceOf(Campaigns).createCampaign({ campaign: toCampaign(said) })
        : serviceOf(Campaigns).updateCampaign({
            campaign: { ...toCampaign(said), campaignId: campaign.campaignId, etag: campaign.etag },
            updateMask: { paths: MASK },
          }),
    async onSuccess(saved, said) {
      form.reset(said)
      await keep(saved)
      if (campaign === undefined) void navigate(`/campaigns/${saved.campaignId}`, { replace: true })
    },
    onError: (error) => setViolations(error, 'campaign', form),
  })
  /** Saves first, so that what is tested and started is what is on the page. */
  const saveAnd = (next: 'test' | 'start' | undefined) =>
    form.handleSubmit(async (said) => {
      if (campaign === undefined || form.formState.isDirty)
        await save.mutateAsync(said).catch(() => undefined)
      if (next === undefined) toast.success('The draft is saved.')
      else setAsking(next)
    })
  const { errors } = form.formState
  return (
    <ScrollPage>
      <PageHeader title={campaign?.displayName || 'New campaign'}>
        <Button onClick={saveAnd(undefined)} busy={save.isPending && asking === undefined}>
          Save draft
        </Button>
        {campaign && (
          <>
            <Button onClick={saveAnd('test')}>Send a test</Button>
            <Button kind="primary" onClick={saveAnd('start')}>
              Review and start
            </Button>
          </>
        )}
      </PageHeader>
      {save.error && <FailureNote error={save.error} />}
      <div className="grid items-start gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,440px)]">
        <form className="flex min-w-0 flex-col gap-8" noValidate onSubmit={saveAnd(undefined)}>
          <Field
            label="Name"
            help="For you and your colleagues; nobody else sees it."
            error={errors.displayName?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('displayName', { required: 'Give it a name.' })}
              />
            )}
          </Field>
          <Section title="What it says">
            <ContentFields form={form} />
          </Section>
          <Section title="Who gets it">
            <AudienceFields
              form={form}
              campaign={campaign}
              channel={channel}
              onUploaded={() => void queries.invalidateQueries({ queryKey: ['campaign'] })}
            />
          </Section>
          <Section title="When">
            <TimeFields form={form} />
          </Section>
        </form>
        <div className="min-w-0 lg:sticky lg:top-0">
          <ContentPreview fields={fields} channel={channel} />
        </div>
      </div>
      <Suspense>
        {asking === 'test' && campaign && !save.isError && (
          <CampaignTestDialog campaign={campaign} channel={channel} onClose={() => setAsking(undefined)} />
        )}
        {asking === 'start' && campaign && !save.isError && (
          <StartDialog
            campaign={campaign}
            channel={channel}
            onStarted={(started) => void keep(started)}
            onClose={() => setAsking(undefined)}
          />
        )}
      </Suspense>
    </ScrollPage>
  )
}
