import type { Campaign, CampaignProblem } from '@mainstay/proto/notify/v1/campaigns'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { useCampaignProblems } from './campaigns.ts'

/** Who in the audience gets nothing, and why. */
export function CampaignProblems({ campaign }: { campaign: Campaign }) {
  const found = useCampaignProblems(campaign)
  const problems = useMemo(() => found.data?.pages.flatMap((page) => page.problems), [found.data])
  return (
    <Section title="Problems">
      {found.error && <FailureNote error={found.error} />}
      {problems?.length === 0 && (
        <p className="text-sm text-ink-2">
          Nobody was passed over. Messages that failed or are suppressed are{' '}
          <Link
            to={`/messages?campaign=${campaign.campaignId}&state=failed&state=suppressed`}
            className="text-accent underline underline-offset-2"
          >
            in the ledger
          </Link>
          .
        </p>
      )}
      {problems && problems.length > 0 && (
        <ul aria-label="Problems" className="divide-y divide-line rounded-lg border border-line text-sm">
          {problems.map((problem) => (
            <li key={`${problem.line} ${problem.column} ${problem.recipientId}`} className="px-4 py-2">
              <Place problem={problem} /> <span className="text-ink-2">{problem.detail}</span>
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          size="sm"
          className="mt-3"
          onClick={() => void found.fetchNextPage()}
          busy={found.isFetchingNextPage}
        >
          Show more
        </Button>
      )}
    </Section>
  )
}

function Place({ problem: { line, column, recipientId } }: { problem: CampaignProblem }) {
  if (recipientId) return <span className="tabular text-xs break-all">{recipientId}</span>
  return (
    <span>
      Line <span className="tabular">{line}</span>
      {column && (
        <>
          , <span className="tabular text-xs">{column}</span>
        </>
      )}
      :
    </span>
  )
}
