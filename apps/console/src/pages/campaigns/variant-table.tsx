import {
  type Campaign,
  CampaignState,
  Campaigns,
  type VariantProgress,
} from '@mainstay/proto/notify/v1/campaigns'
import { useMutation } from '@tanstack/react-query'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { formatCount, formatShare } from '../../format/number.ts'
import { useKeepCampaign } from './campaigns.ts'

/** How the variants of a test fare, and the choice of the winner by hand. */
export function VariantTable({
  campaign,
  variants,
}: {
  campaign: Campaign
  variants: readonly VariantProgress[]
}) {
  const keep = useKeepCampaign()
  const choose = useMutation({
    mutationFn: (variant: string) =>
      serviceOf(Campaigns).chooseCampaignWinner({ campaignId: campaign.campaignId, variant }),
    onSuccess: (changed) => keep(changed),
  })
  const mayChoose =
    campaign.winner === '' &&
    (campaign.abTest?.testPercent ?? 100) < 100 &&
    [CampaignState.RUNNING, CampaignState.PAUSED].includes(campaign.state)
  const share = (part: bigint, row: VariantProgress) => (
    <span className="tabular">
      {formatCount(part)} <span className="text-ink-3">({formatShare(Number(part), Number(row.sent))})</span>
    </span>
  )
  const action = (row: VariantProgress) =>
    campaign.winner === row.variant ? (
      <StateMark tone="ok">Winner</StateMark>
    ) : mayChoose ? (
      <Button size="sm" busy={choose.isPending} onClick={() => choose.mutate(row.variant)}>
        Choose {row.variant}
      </Button>
    ) : null
  const columns: ListColumn<VariantProgress>[] = [
    { title: 'Variant', width: '110px', cell: (row) => row.variant },
    { title: 'Sent', cell: (row) => <span className="tabular">{formatCount(row.sent)}</span> },
    { title: 'Delivered', cell: (row) => share(row.delivered, row) },
    { title: 'Seen', cell: (row) => share(row.seen, row) },
    { title: 'Followed a link', cell: (row) => share(row.clicked, row) },
    { title: 'Winner', width: '130px', untitled: true, align: 'right', cell: action },
  ]
  return (
    <Section title="Test of variants">
      <Card>
        <ListTable
          label="Variants"
          columns={columns}
          rows={variants}
          rowId={(row) => row.variant}
          compact={(row) => ({
            first: `Variant ${row.variant}`,
            aside: action(row),
            second: `${formatCount(row.sent)} sent, ${formatCount(row.delivered)} delivered, ${formatCount(row.seen)} seen`,
          })}
        />
      </Card>
      {choose.error && <FailureNote error={choose.error} className="mt-3" />}
    </Section>
  )
}
