import { Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { Preferences } from '@mainstay/proto/notify/v1/preferences'
import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import type { CampaignFields } from './campaign-fields.ts'

/** The first five hundred topics, segments and categories: what can be picked. */
export function usePicks() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['campaign-picks', project],
    async queryFn({ signal }) {
      const [{ topics }, { segments }, { categories }] = await Promise.all([
        serviceOf(Recipients).listTopics({ pageSize: 500 }, { signal }),
        serviceOf(Recipients).listSegments({ pageSize: 500 }, { signal }),
        serviceOf(Preferences).listCategories({}, { signal }),
      ])
      return { topics, segments, categories }
    },
    staleTime: 15_000,
  })
}

/** How many would get it now, and how many of them can be reached. Undefined fields: nothing to count yet. */
export function useAudienceCount(
  { audience, topic, segment }: Pick<CampaignFields, 'audience' | 'topic' | 'segment'>,
  channel: number,
  campaignId: string,
  importedCount: bigint,
) {
  const [project, modeName] = useScope()
  const isNamed =
    audience === 'topic'
      ? topic !== ''
      : audience === 'segment'
        ? segment !== ''
        : audience !== 'imported' || campaignId !== ''
  return useQuery({
    queryKey: [
      'campaign-audience',
      audience,
      topic,
      segment,
      channel,
      campaignId,
      String(importedCount),
      project,
      modeName,
    ],
    queryFn: ({ signal }) =>
      serviceOf(Campaigns, modeName).countCampaignAudience(
        {
          audience: {
            audience:
              audience === 'topic'
                ? { case: 'topic', value: topic }
                : audience === 'segment'
                  ? { case: 'segment', value: segment }
                  : { case: audience, value: true },
          },
          channel,
          campaignId: audience === 'imported' ? campaignId : '',
        },
        { signal },
      ),
    enabled: isNamed,
    retry: false,
  })
}
