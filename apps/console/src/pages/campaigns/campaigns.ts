import { type Campaign, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { isUnderWay } from './campaign-words.ts'

/** The campaigns of the mode that the operator works in, newest first; those under way are read every second. */
export function useCampaigns() {
  const [project, modeName] = useScope()
  return useInfiniteQuery({
    queryKey: ['campaigns', project, modeName],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Campaigns, modeName).listCampaigns(
        { live: modeName === 'live', pageToken: pageParam, pageSize: 50 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.campaigns.some(isUnderWay)) ? 1_000 : 15_000,
  })
}

/** One campaign; read every second while it is under way. */
export function useCampaign(campaignId: string) {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: ['campaign', campaignId, project, modeName],
    queryFn: ({ signal }) => serviceOf(Campaigns, modeName).getCampaign({ campaignId }, { signal }),
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? 1_000 : false),
  })
}

/** What was sent over time, and how a test's variants fare. */
export function useCampaignHistory(campaign: Campaign) {
  const [project, modeName] = useScope()
  const { campaignId } = campaign
  return useQuery({
    // The last look is taken once it has ended.
    queryKey: ['campaign-history', campaignId, isUnderWay(campaign), project, modeName],
    queryFn: ({ signal }) => serviceOf(Campaigns, modeName).getCampaignProgress({ campaignId }, { signal }),
    refetchInterval: isUnderWay(campaign) ? 5_000 : false,
  })
}

export function useCampaignProblems(campaign: Campaign) {
  const [project, modeName] = useScope()
  const { campaignId, importedCount } = campaign
  return useInfiniteQuery({
    queryKey: ['campaign-problems', campaignId, String(importedCount), campaign.state, project, modeName],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Campaigns, modeName).listCampaignProblems(
        { campaignId, pageToken: pageParam, pageSize: 20 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
}

/** Shows a campaign as an answer has it, here and in the list. */
export function useKeepCampaign() {
  const [project, modeName] = useScope()
  const queries = useQueryClient()
  return async (campaign: Campaign) => {
    queries.setQueryData(['campaign', campaign.campaignId, project, modeName], campaign)
    await queries.invalidateQueries({ queryKey: ['campaigns'] })
  }
}
