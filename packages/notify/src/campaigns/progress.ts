import { create } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type Clock, type Executor, toTypeId } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'
import {
  type CampaignProgress,
  CampaignProgressSchema,
  CampaignState,
  SentPointSchema,
  type VariantProgress,
  VariantProgressSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import { DELETED } from './campaign-state.ts'
import { VARIANT_NAMES } from './plan.ts'
import {
  COUNT,
  FAILED_STATES,
  POINT_MS,
  type PointRow,
  readCounts,
  readHistory,
  readPoints,
  readVariants,
  SENT_STATES,
} from './progress-store.ts'
import type { CampaignRow } from './store.ts'

/** Spans of what was sent that one answer holds. */
const MOST_POINTS = 240

/** A test's variants are read anew after this, or after twenty times what reading them took. */
const VARIANTS_TTL_MS = 5_000

/** Tells how far campaigns are. */
export function createProgress({ db, clock }: { db: Executor; clock: Clock }) {
  const variants = new Map<string, { untilMs: number; found: Promise<VariantProgress[]> }>()

  /** Of several campaigns of one project, in their order, without what is only shown of one. */
  async function ofAll(projectId: string, rows: readonly CampaignRow[]): Promise<CampaignProgress[]> {
    if (rows.length === 0) return []
    const ids = rows.map((row) => row.campaign_id)
    const now = clock.now()
    const [counts, points] = await Promise.all([
      readCounts(db, projectId, ids),
      readPoints(db, projectId, ids, new Date(now.getTime() - 2 * POINT_MS)),
    ])
    const countsOf = Map.groupBy(counts, (count) => count.campaign_id)
    const pointsOf = Map.groupBy(points, (point) => point.campaign_id)
    return rows.map((row) => {
      const byKind = new Map(countsOf.get(row.campaign_id)?.map(({ kind, count }) => [kind, count]))
      return tell(row, byKind, pointsOf.get(row.campaign_id) ?? [], now)
    })
  }

  async function one(row: CampaignRow): Promise<CampaignProgress> {
    const [told] = await ofAll(row.project_id, [row])
    return told as CampaignProgress
  }

  async function variantsOf(projectId: string, campaignId: string): Promise<VariantProgress[]> {
    const known = variants.get(campaignId)
    if (known !== undefined && known.untilMs > performance.now()) return await known.found
    const startMs = performance.now()
    const entry = {
      untilMs: startMs + VARIANTS_TTL_MS,
      found: readVariants(db, projectId, campaignId).then((rows) => {
        entry.untilMs = performance.now() + Math.max(VARIANTS_TTL_MS, 20 * (performance.now() - startMs))
        return rows.map((row) =>
          create(VariantProgressSchema, { ...row, variant: VARIANT_NAMES[row.variant - 1] ?? '' }),
        )
      }),
    }
    entry.found.catch(() => variants.delete(campaignId))
    variants.set(campaignId, entry)
    return await entry.found
  }

  return {
    ofAll,
    one,
    /** Of one, with what was sent over time and how the variants of its test fare. */
    async of(row: CampaignRow, isTest: boolean): Promise<CampaignProgress> {
      const { project_id: projectId, campaign_id: campaignId } = row
      const [told, history, found] = await Promise.all([
        one(row),
        readHistory(db, projectId, campaignId, MOST_POINTS),
        isTest ? variantsOf(projectId, campaignId) : [],
      ])
      const points = history.map(({ point_time, sent, failed }) => ({
        time: timestampFromDate(point_time),
        sent: BigInt(sent),
        failed: BigInt(failed),
      }))
      return Object.assign(told, {
        points: points.map((point) => create(SentPointSchema, point)),
        variants: found,
      })
    },
  }
}

export type ProgressTeller = ReturnType<typeof createProgress>

const { ACCEPTED, DELIVERED, COMPLAINED, SUPPRESSED, SKIPPED, CANCELLED, UNKNOWN } = MessageState

function tell(
  row: CampaignRow,
  counts: ReadonlyMap<number, bigint>,
  points: readonly PointRow[],
  now: Date,
): CampaignProgress {
  const of = (...kinds: number[]): bigint => kinds.reduce((sum, kind) => sum + (counts.get(kind) ?? 0n), 0n)
  return create(CampaignProgressSchema, {
    campaignId: toTypeId('cmp', row.campaign_id),
    state: row.state === DELETED ? CampaignState.UNSPECIFIED : row.state,
    statusDetail: detailOf(row, now),
    total: row.total_count,
    expanded: of(COUNT.expanded),
    queued: of(ACCEPTED),
    sent: of(...SENT_STATES),
    delivered: of(DELIVERED, COMPLAINED),
    failed: of(...FAILED_STATES),
    unknown: of(UNKNOWN),
    skipped: of(SKIPPED, COUNT.gone, COUNT.unreachable),
    suppressed: of(SUPPRESSED),
    cancelled: of(CANCELLED),
    complained: of(COMPLAINED),
    sentPerSecond: row.state === CampaignState.RUNNING ? rateOf(points, now) : 0,
    time: timestampFromDate(now),
  })
}

/** Over the span under way and the one before it. */
function rateOf(points: readonly PointRow[], now: Date): number {
  const spanStartMs = Math.floor(now.getTime() / POINT_MS) * POINT_MS
  const recent = points.filter(({ point_time }) => point_time.getTime() >= spanStartMs - POINT_MS)
  const [first] = recent
  if (first === undefined) return 0
  const seconds = Math.max(1, (now.getTime() - first.point_time.getTime()) / 1000)
  return Math.round((recent.reduce((sum, { sent }) => sum + sent, 0) / seconds) * 10) / 10
}

export function detailOf(row: CampaignRow, now: Date): string {
  if (row.status_detail !== '') return row.status_detail
  if (row.state === CampaignState.CANCELLED && row.end_time === null) return 'What waits is being cancelled.'
  const waitsForWinner =
    row.state === CampaignState.RUNNING && row.winner === null && row.test_count < row.total_count
  if (!waitsForWinner || row.decide_time === null) return ''
  return row.decide_time > now
    ? 'The test is sent; the rest waits for its winner.'
    : 'The rest waits for the winner of the test to be chosen.'
}
