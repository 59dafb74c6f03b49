import type { Campaign } from '@mainstay/proto/notify/v1/campaigns'
import type { UseFormReturn } from 'react-hook-form'
import { Field } from '../../components/field/field.tsx'
import { Select } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { formatCount } from '../../format/number.ts'
import type { AudienceKind, CampaignFields } from './campaign-fields.ts'
import { ListUpload } from './list-upload.tsx'
import { useAudienceCount, usePicks } from './use-picks.ts'

const KINDS: readonly { value: AudienceKind; label: string }[] = [
  { value: 'allRecipients', label: 'Everybody' },
  { value: 'topic', label: 'Topic' },
  { value: 'segment', label: 'Segment' },
  { value: 'imported', label: 'List' },
]

/** Who gets it, and how many they are now. */
export function AudienceFields({
  form,
  campaign,
  channel,
  onUploaded,
}: {
  form: UseFormReturn<CampaignFields>
  campaign: Campaign | undefined
  channel: number
  onUploaded: () => void
}) {
  const fields = form.watch()
  const { errors } = form.formState
  const picks = usePicks().data
  const imported = campaign?.importedCount ?? 0n
  const count = useAudienceCount(fields, channel, campaign?.campaignId ?? '', imported)
  return (
    <div className="flex flex-col gap-4">
      <Segmented
        label="Audience"
        value={fields.audience}
        onChange={(audience) => form.setValue('audience', audience, { shouldDirty: true })}
        choices={KINDS}
        className="self-start"
      />
      {fields.audience === 'topic' && (
        <Field label="Topic" error={errors.topic?.message} help="Its members at the moment of the start.">
          {(control) => (
            <Select
              {...control}
              {...form.register('topic', { required: 'Pick a topic.' })}
              className="max-w-96"
            >
              <option value="">Pick a topic</option>
              {picks?.topics.map(({ topic, displayName }) => (
                <option key={topic} value={topic}>
                  {displayName || topic}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {fields.audience === 'segment' && (
        <Field
          label="Segment"
          error={errors.segment?.message}
          help="Who fits its rule at the moment of the start."
        >
          {(control) => (
            <Select
              {...control}
              {...form.register('segment', { required: 'Pick a segment.' })}
              className="max-w-96"
            >
              <option value="">Pick a segment</option>
              {picks?.segments.map(({ segment, displayName }) => (
                <option key={segment} value={segment}>
                  {displayName || segment}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {fields.audience === 'imported' && <ListUpload campaign={campaign} onUploaded={onUploaded} />}
      <p className="text-sm text-ink-2" aria-live="polite">
        {count.data ? (
          <>
            <span className="tabular font-medium text-ink">{formatCount(count.data.total)}</span>{' '}
            {count.data.total === 1n ? 'person' : 'people'} now,{' '}
            <span className="tabular">{formatCount(count.data.reachable)}</span> with an address for this
            channel. Who joins after the start is not in it.
          </>
        ) : count.isError ? (
          'They could not be counted.'
        ) : (
          'Nobody is picked yet.'
        )}
      </p>
    </div>
  )
}
