import type { ProviderHealth } from '@mainstay/proto/notify/v1/routing'
import { useQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../api/mainstay.ts'

/** All that is read about routing is read anew when any of it was changed. */
export const routingKey = 'routing'

/** How provider accounts fare, by account. */
export function useProviderHealth() {
  return useQuery({
    queryKey: [routingKey, 'health', ...useScope()],
    async queryFn({ signal }) {
      const { accounts } = await mainstay().notify.listProviderHealth({}, { signal })
      return new Map<string, ProviderHealth>(accounts.map((health) => [health.providerAccountId, health]))
    },
    refetchInterval: 3_000,
  })
}

/** The kill switch, the pins and the currency. */
export function useRoutingSettings() {
  return useQuery({
    queryKey: [routingKey, 'settings', ...useScope()],
    queryFn: ({ signal }) => mainstay().notify.getRoutingSettings({}, { signal }),
    refetchInterval: 5_000,
  })
}

/** Caps with what was spent of them today. */
export function useSpendCaps() {
  return useQuery({
    queryKey: [routingKey, 'caps', ...useScope()],
    queryFn: async ({ signal }) => (await mainstay().notify.listSpendCaps({}, { signal })).spendCaps,
    refetchInterval: 5_000,
  })
}

/** The price list, as far as a page of it shows. */
export function usePrices() {
  return useQuery({
    queryKey: [routingKey, 'prices', ...useScope()],
    queryFn: ({ signal }) => mainstay().notify.listPrices({ pageSize: 500 }, { signal }),
  })
}
