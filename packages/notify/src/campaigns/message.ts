import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { toTypeId } from '@mainstay/kernel'
import { type Campaign, type CampaignProgress, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { DELETED } from './campaign-state.ts'
import { VARIANT_NAMES } from './plan.ts'
import { etagOf } from './service.ts'
import { readSpec } from './spec.ts'
import type { CampaignRow } from './store.ts'

/** The contract's campaign. */
export function toCampaign(row: CampaignRow, progress: CampaignProgress): Campaign {
  return {
    ...readSpec(row.spec),
    campaignId: toTypeId('cmp', row.campaign_id),
    state: row.state === DELETED ? CampaignState.UNSPECIFIED : row.state,
    statusDetail: progress.statusDetail,
    live: row.live,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
    ...(row.start_time !== null && { startTime: timestampFromDate(row.start_time) }),
    ...(row.end_time !== null && { endTime: timestampFromDate(row.end_time) }),
    importedCount: row.imported_count,
    winner: row.winner === null ? '' : (VARIANT_NAMES[row.winner - 1] ?? ''),
    progress,
    etag: etagOf(row),
  }
}
