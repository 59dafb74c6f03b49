import { type Campaign, CampaignState, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { useMutation } from '@tanstack/react-query'
import { Pause, Play } from 'lucide-react'
import { useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useKeepCampaign } from './campaigns.ts'

/** Pausing, going on, and ending for good. */
export function CampaignActions({ campaign }: { campaign: Campaign }) {
  const keep = useKeepCampaign()
  const [cancelling, setCancelling] = useState(false)
  const { campaignId, state } = campaign
  const act = useMutation({
    mutationFn: (verb: 'pause' | 'resume') =>
      verb === 'pause'
        ? serviceOf(Campaigns).pauseCampaign({ campaignId })
        : serviceOf(Campaigns).resumeCampaign({ campaignId }),
    onSuccess: (changed) => keep(changed),
    onError: (error) => toast.error(describeFailure(error).message),
  })
  const cancel = useMutation({
    mutationFn: () => serviceOf(Campaigns).cancelCampaign({ campaignId }),
    async onSuccess(changed) {
      setCancelling(false)
      await keep(changed)
    },
  })
  const { SCHEDULED, PREPARING, RUNNING, PAUSED } = CampaignState
  return (
    <>
      {state === RUNNING && (
        <Button onClick={() => act.mutate('pause')} busy={act.isPending}>
          <Pause aria-hidden />
          Pause
        </Button>
      )}
      {state === PAUSED && (
        <Button kind="primary" onClick={() => act.mutate('resume')} busy={act.isPending}>
          <Play aria-hidden />
          Resume
        </Button>
      )}
      {[SCHEDULED, PREPARING, RUNNING, PAUSED].includes(state) && (
        <Button onClick={() => setCancelling(true)}>Cancel campaign</Button>
      )}
      <ConfirmByName
        open={cancelling}
        onOpenChange={setCancelling}
        title="Cancel this campaign?"
        consequence="It ends for good: messages that wait are cancelled, and nobody else gets one. What was sent cannot be called back."
        name={campaign.displayName}
        verb="Cancel campaign"
        busy={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
      />
    </>
  )
}
