import type { Campaign } from '@mainstay/proto/notify/v1/campaigns'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { Plus } from 'lucide-react'
import { useMemo } from 'react'
import { Button, ButtonLink } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatCompact } from '../../format/number.ts'
import { campaignSnippets } from './campaign-snippets.ts'
import { audienceWords, campaignLook } from './campaign-words.ts'
import { useCampaigns } from './campaigns.ts'
import { ProgressBar, ProgressWords } from './progress-bar.tsx'

/** Every campaign, with how far it is and how fast it goes. */
export function Component() {
  const found = useCampaigns()
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.campaigns), [found.data])
  const create = (
    <ButtonLink kind="primary" to="/campaigns/new">
      <Plus aria-hidden />
      New campaign
    </ButtonLink>
  )
  return (
    <ScrollPage>
      <PageHeader title="Campaigns">{create}</PageHeader>
      {found.isError && !rows ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : rows?.length === 0 ? (
        <div className="mx-auto w-full max-w-[680px]">
          <EmptyState title="No campaign yet" actions={create}>
            A campaign tells many people one thing, once each: the members of a topic, a segment, a list of
            your own, or everybody.
          </EmptyState>
          <div className="px-6 pb-8">
            <Snippet label="Create and start a campaign" tabs={campaignSnippets(window.location.origin)} />
          </div>
        </div>
      ) : (
        <Card>
          <ListTable
            label="Campaigns"
            columns={columns}
            rows={rows}
            rowId={(row) => row.campaignId}
            rowHref={(row) => `/campaigns/${row.campaignId}`}
            compact={(row) => ({
              first: row.displayName,
              aside: <Mark campaign={row} />,
              second: <Progress campaign={row} />,
            })}
          />
        </Card>
      )}
      {found.hasNextPage && (
        <Button
          className="self-start"
          onClick={() => void found.fetchNextPage()}
          busy={found.isFetchingNextPage}
        >
          Show older ones
        </Button>
      )}
    </ScrollPage>
  )
}

function Mark({ campaign }: { campaign: Campaign }) {
  const { word, tone, hollow = false, moving = false } = campaignLook(campaign.state)
  return (
    <StateMark tone={tone} hollow={hollow} moving={moving}>
      {word}
    </StateMark>
  )
}

function Progress({ campaign }: { campaign: Campaign }) {
  const { progress, state, sendTime } = campaign
  if (state === CampaignState.SCHEDULED && sendTime) {
    return (
      <span className="text-xs text-ink-2">
        Starts <RelativeTime time={sendTime} />
      </span>
    )
  }
  if (progress === undefined || state === CampaignState.DRAFT || progress.total === 0n) {
    return <span className="text-xs text-ink-3">{campaign.statusDetail || 'Not started'}</span>
  }
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <ProgressBar progress={progress} label={`Progress of ${campaign.displayName}`} />
      <ProgressWords progress={progress} />
    </div>
  )
}

const columns: ListColumn<Campaign>[] = [
  { title: 'Campaign', width: '24%', cell: (row) => <span title={row.displayName}>{row.displayName}</span> },
  { title: 'State', width: '120px', cell: (row) => <Mark campaign={row} /> },
  { title: 'Audience', width: '18%', cell: (row) => audienceWords(row.audience) },
  { title: 'Progress', cell: (row) => <Progress campaign={row} /> },
  {
    title: 'Rate',
    width: '90px',
    align: 'right',
    cell: (row) =>
      row.progress && row.progress.sentPerSecond > 0 ? (
        <span className="tabular">{formatCompact(row.progress.sentPerSecond)}/s</span>
      ) : (
        <span className="text-ink-3">–</span>
      ),
  },
  { title: 'Created', width: '100px', cell: (row) => <RelativeTime time={row.createTime} /> },
]
