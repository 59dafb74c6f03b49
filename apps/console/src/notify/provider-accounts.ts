import { useQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../api/mainstay.ts'

/** The provider accounts of the project with how they fared in the last 24 hours. */
export function useProviderAccounts({ live = false }: { live?: boolean } = {}) {
  return useQuery({
    queryKey: ['provider-accounts', ...useScope()],
    queryFn: async ({ signal }) =>
      (await mainstay().notify.listProviderAccounts({}, { signal })).providerAccounts,
    staleTime: 10_000,
    refetchInterval: live ? 10_000 : false,
  })
}
