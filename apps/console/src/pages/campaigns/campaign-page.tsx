import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { useParams } from 'react-router'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Loading } from '../../components/skeleton/skeleton.tsx'
import { CampaignEditor } from './campaign-editor.tsx'
import { CampaignView } from './campaign-view.tsx'
import { useCampaign } from './campaigns.ts'

/** One campaign: while it is a draft it is written here, and after that it is watched. */
export function Component() {
  const { campaignId } = useParams()
  return campaignId === undefined ? (
    <CampaignEditor key="new" campaign={undefined} />
  ) : (
    <Stored campaignId={campaignId} />
  )
}

function Stored({ campaignId }: { campaignId: string }) {
  const found = useCampaign(campaignId)
  const campaign = found.data
  if (campaign === undefined) {
    return (
      <ScrollPage>
        <PageHeader title="Campaign" />
        {found.isError ? (
          <FailureState error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Loading what="the campaign" />
        )}
      </ScrollPage>
    )
  }
  if (campaign.state === CampaignState.DRAFT) return <CampaignEditor key={campaignId} campaign={campaign} />
  return <CampaignView campaign={campaign} />
}
