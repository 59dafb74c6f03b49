import { createHash } from 'node:crypto'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type Db, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import {
  MessageClass,
  type NotificationSchema,
  type SendNotificationRequest,
  SendNotificationRequestSchema,
} from '@mainstay/proto/notify/v1'
import {
  CampaignSchema,
  Campaigns as CampaignsService,
  type SendCampaignTestRequest,
} from '@mainstay/proto/notify/v1/campaigns'
import { type CallContext, type Handlers, type Implementation, implement } from '@mainstay/rpc'
import type { SendContext } from '../accept/send.ts'
import { findAudience } from './audience.ts'
import { countAudience } from './freeze-store.ts'
import { createLists, type ListsDeps } from './list.ts'
import { toCampaign } from './message.ts'
import { VARIANT_NAMES } from './plan.ts'
import type { ProgressTeller } from './progress.ts'
import { type CampaignCaller, type Campaigns, requireId } from './service.ts'
import { audienceOf, invalidCampaign, readSpec } from './spec.ts'
import type { CampaignRow } from './store.ts'
import type { WatchCampaign } from './watch.ts'

export interface CampaignsApiDeps extends Omit<ListsDeps, 'campaigns'> {
  db: Db
  pageTokens: PageTokens
  campaigns: Campaigns
  progress: ProgressTeller
  watch: WatchCampaign
  send(
    request: SendNotificationRequest,
    ctx: SendContext,
  ): Promise<MessageInitShape<typeof NotificationSchema>>
}

/** The Campaigns service: messages in, service calls, messages out. */
export function implementCampaigns(deps: CampaignsApiDeps): Implementation {
  const { db, pageTokens, campaigns, progress } = deps
  const lists = createLists(deps)

  async function answer(row: CampaignRow) {
    return toCampaign(row, await progress.one(row))
  }

  const handlers: Handlers<typeof CampaignsService> = {
    createCampaign: async ({ campaign = create(CampaignSchema) }, ctx) =>
      answer(await campaigns.create(toAct(ctx), campaign)),
    getCampaign: async ({ campaignId }, { projectId }) => answer(await campaigns.get(projectId, campaignId)),
    async listCampaigns({ pageSize, pageToken, states, live }, { projectId, method }) {
      const filter = { states: states.filter((state) => state !== 0), live: live ?? null }
      const scope = { method, projectId, filter }
      const [beforeId = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await campaigns.list({ projectId, ...filter, beforeId, limit: limit + 1 })
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.campaign_id])
      const told = await progress.ofAll(projectId, rows)
      const listed = rows.flatMap((row, index) => {
        const one = told[index]
        return one === undefined ? [] : [toCampaign(row, one)]
      })
      return { campaigns: listed, nextPageToken }
    },
    updateCampaign: async ({ campaign = create(CampaignSchema), updateMask }, ctx) =>
      answer(await campaigns.update(toAct(ctx), campaign, updateMask?.paths)),
    async deleteCampaign({ campaignId }, ctx) {
      await campaigns.remove(toAct(ctx), campaignId)
      return {}
    },
    startCampaign: async ({ campaignId, etag }, ctx) =>
      answer(await campaigns.start(toAct(ctx), campaignId, etag)),
    pauseCampaign: async ({ campaignId }, ctx) => answer(await campaigns.pause(toAct(ctx), campaignId)),
    resumeCampaign: async ({ campaignId }, ctx) => answer(await campaigns.resume(toAct(ctx), campaignId)),
    cancelCampaign: async ({ campaignId }, ctx) => answer(await campaigns.cancel(toAct(ctx), campaignId)),
    chooseCampaignWinner: async ({ campaignId, variant }, ctx) =>
      answer(await campaigns.choose(toAct(ctx), campaignId, variant)),

    async sendCampaignTest(request, ctx) {
      const row = await campaigns.get(ctx.projectId, request.campaignId)
      const requests = testRequests(row, request, ctx.header('idempotency-key'))
      // One key, one effect: each target's notification has a key of its own, made from the call's.
      const notifications = await Promise.all(
        requests.map((one) => deps.send(one, { ...ctx, idempotency: undefined })),
      )
      return { notifications }
    },
    async countCampaignAudience({ audience: asked, channel, campaignId }, { projectId }) {
      const audience = audienceOf(asked)
      if (audience === undefined) throw invalidCampaign([{ field: 'audience', description: 'must be set' }])
      if (audience.kind === 'imported') await campaigns.get(projectId, campaignId)
      const id = audience.kind === 'imported' ? requireId(campaignId) : ''
      const found = await findAudience(db, projectId, audience, 2)
      if ('missing' in found) {
        throw invalidCampaign([{ field: `audience.${audience.kind}`, description: found.missing }])
      }
      return countAudience(db, projectId, id, { audience, channel, segment: found.segment })
    },

    async getCampaignProgress({ campaignId }, { projectId }) {
      const row = await campaigns.get(projectId, campaignId)
      return progress.of(row, readSpec(row.spec).abTest !== undefined)
    },
    watchCampaign: (request, ctx) => deps.watch.stream(request.campaignId, ctx),
    importCampaignRecipients: (request, ctx) => lists.import(toAct(ctx), request),
    listCampaignProblems: (request, ctx) => lists.problems(ctx, request),
  }
  return implement(CampaignsService, handlers)
}

function toAct({ caller, requestId, tx, projectId, trace }: CallContext): CampaignCaller {
  return { actor: caller.id, requestId, tx, projectId, testMode: caller.testMode, traceId: trace.traceId }
}

/** As telling as the key itself, and short enough to be a part of another one. */
function shorten(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/** What sends a campaign's content to each of the given targets, as any caller would. */
function testRequests(
  row: CampaignRow,
  { to, variant, data }: SendCampaignTestRequest,
  key: string | undefined,
): SendNotificationRequest[] {
  const spec = readSpec(row.spec)
  const index = variant === '' ? 0 : (VARIANT_NAMES as readonly string[]).indexOf(variant)
  const said = spec.abTest === undefined && variant === '' ? spec.content : spec.abTest?.variants[index]
  if (said === undefined) {
    throw invalidCampaign([
      variant === ''
        ? { field: 'campaign.content', description: 'must be set before it can be tested' }
        : { field: 'variant', description: 'is no variant of this campaign' },
    ])
  }
  const { content } = said
  return to.map((target, at) =>
    create(SendNotificationRequestSchema, {
      to: target,
      content,
      ...(content.case === 'template' && { data: { ...spec.data, ...data } }),
      messageClass: MessageClass.TRANSACTIONAL,
      ...(key !== undefined && {
        dedupeKey: `campaign-test/${toTypeId('cmp', row.campaign_id)}/${shorten(key)}/${at}`,
      }),
    }),
  )
}
