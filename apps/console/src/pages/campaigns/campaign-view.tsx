import type { Campaign, CampaignProgress } from '@mainstay/proto/notify/v1/campaigns'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { lazy, Suspense, useMemo } from 'react'
import { Link, useNavigate } from 'react-router'
import { ButtonLink } from '../../components/button/button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { Card, PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatCompact, formatCount } from '../../format/number.ts'
import { toMs } from '../../format/time.ts'
import { CampaignActions } from './campaign-actions.tsx'
import { CampaignProblems } from './campaign-problems.tsx'
import { audienceWords, campaignLook } from './campaign-words.ts'
import { useCampaignHistory } from './campaigns.ts'
import { ProgressBar } from './progress-bar.tsx'
import { VariantTable } from './variant-table.tsx'

const TimeChart = lazy(() =>
  import('../../components/chart/time-chart.tsx').then((module) => ({ default: module.TimeChart })),
)

/** A campaign that was started: how far it is, how fast it goes, and what did not go well. */
export function CampaignView({ campaign }: { campaign: Campaign }) {
  const history = useCampaignHistory(campaign).data
  const { word, tone, hollow = false, moving = false } = campaignLook(campaign.state)
  const { progress } = campaign
  return (
    <ScrollPage>
      <PageHeader title={campaign.displayName}>
        <StateMark tone={tone} hollow={hollow} moving={moving} badge>
          {word}
        </StateMark>
        <ButtonLink to={`/messages?campaign=${campaign.campaignId}`}>Show its messages</ButtonLink>
        <CampaignActions campaign={campaign} />
      </PageHeader>
      {campaign.statusDetail && <p className="text-sm text-ink-2">{campaign.statusDetail}</p>}
      {progress && <Progress campaign={campaign} progress={progress} />}
      {history && history.points.length > 1 && <RateChart campaign={campaign} history={history} />}
      {campaign.abTest && history && <VariantTable campaign={campaign} variants={history.variants} />}
      <div className="grid items-start gap-x-10 gap-y-6 lg:grid-cols-2">
        <Section title="What it is">
          <Facts
            rows={[
              ['Audience', audienceWords(campaign.audience)],
              ['Says', contentWords(campaign)],
              ['Category', campaign.category],
              [
                'Speed',
                campaign.messagesPerSecond > 0 && `${formatCount(campaign.messagesPerSecond)} a second`,
              ],
              [
                'Hours',
                campaign.sendWindow &&
                  `${campaign.sendWindow.start} to ${campaign.sendWindow.end}, in each timezone`,
              ],
              ['Mode', campaign.live ? 'Live' : 'Test'],
              [
                'Starts',
                campaign.state === CampaignState.SCHEDULED && <RelativeTime time={campaign.sendTime} />,
              ],
              ['Started', campaign.startTime && <RelativeTime time={campaign.startTime} />],
              ['Ended', campaign.endTime && <RelativeTime time={campaign.endTime} />],
            ]}
          />
        </Section>
        <CampaignProblems campaign={campaign} />
      </div>
    </ScrollPage>
  )
}

function Progress({ campaign, progress }: { campaign: Campaign; progress: CampaignProgress }) {
  const rest = Number(progress.total - progress.expanded)
  const figures: [word: string, count: number, tone: string, state?: string][] = [
    ['To come', Math.max(0, rest), ''],
    ['Waiting', Number(progress.queued), '', 'queued'],
    ['Sent', Number(progress.sent), 'text-ok', 'sent'],
    ['Delivered', Number(progress.delivered), 'text-ok', 'delivered'],
    ['Failed', Number(progress.failed), progress.failed > 0n ? 'text-bad' : '', 'failed'],
    ['Unknown', Number(progress.unknown), progress.unknown > 0n ? 'text-warn' : '', 'unknown'],
    ['Skipped', Number(progress.skipped), '', 'skipped'],
    ['Suppressed', Number(progress.suppressed), '', 'suppressed'],
    ['Cancelled', Number(progress.cancelled), '', 'cancelled'],
  ]
  return (
    <Section
      title="Progress"
      aside={
        <span className="text-sm text-ink-2">
          <span className="tabular font-medium text-ink">{formatCount(progress.total)}</span> in the audience
          {progress.sentPerSecond > 0 && (
            <>
              , <span className="tabular font-medium text-ink">{formatCompact(progress.sentPerSecond)}</span>{' '}
              sent a second
            </>
          )}
        </span>
      }
    >
      <ProgressBar progress={progress} label={`Progress of ${campaign.displayName}`} />
      <dl className="mt-4 grid grid-cols-3 gap-x-4 gap-y-4 sm:grid-cols-5 lg:grid-cols-9">
        {figures.map(([word, count, tone, state]) => (
          <div key={word} className="min-w-0">
            <dt className="text-xs text-ink-3">{word}</dt>
            <dd className={`tabular text-lg font-medium ${tone}`}>
              {state && count > 0 ? (
                <Link
                  to={`/messages?campaign=${campaign.campaignId}&state=${state}`}
                  className="underline-offset-4 hover:underline"
                >
                  {formatCompact(count)}
                </Link>
              ) : (
                formatCompact(count)
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}

function RateChart({ campaign, history }: { campaign: Campaign; history: CampaignProgress }) {
  const navigate = useNavigate()
  const data = useMemo(() => {
    const points = history.points.map((point) => ({
      ms: toMs(point.time) ?? 0,
      sent: Number(point.sent),
      failed: Number(point.failed),
    }))
    const gaps = points.slice(1).map(({ ms }, index) => ms - (points[index]?.ms ?? 0))
    const spanMs = Math.max(10_000, Math.min(...gaps))
    return {
      startMs: points.map(({ ms }) => ms),
      spanMs,
      running: campaign.state === CampaignState.RUNNING,
      series: [
        {
          label: 'Sent a second',
          colour: '--series-1',
          filled: true,
          values: points.map(({ sent }) => Math.round((sent * 1000) / spanMs)),
        },
        {
          label: 'Failed a second',
          colour: '--series-3',
          values: points.map(({ failed }) => Math.round((failed * 1000) / spanMs)),
        },
      ],
    }
  }, [history, campaign.state])
  return (
    <Suspense fallback={<Card className="h-[240px]">{null}</Card>}>
      <Card>
        <TimeChart
          label="Rate"
          data={data}
          height={180}
          syncKey="campaign"
          onPick={(fromMs, toMs_) => {
            const query = new URLSearchParams({
              campaign: campaign.campaignId,
              after: new Date(fromMs).toISOString(),
              before: new Date(toMs_).toISOString(),
            })
            void navigate(`/messages?${query}`)
          }}
        />
      </Card>
    </Suspense>
  )
}

function contentWords({ content, abTest }: Campaign): string {
  const said = abTest?.variants ?? (content ? [content] : [])
  return said
    .map(({ content: one }) => {
      switch (one.case) {
        case 'template':
          return `Template ${one.value.name}`
        case 'email':
          return one.value.subject
        case 'push':
          return one.value.title || one.value.body
        case 'sms':
        case 'chat':
          return one.value.text
        default:
          return 'A message'
      }
    })
    .join(' · ')
}
