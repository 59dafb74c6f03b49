import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import type { ProviderKind } from '@mainstay/proto/notify/v1/provider-kinds'
import { useQuery } from '@tanstack/react-query'
import { mainstay } from '../api/mainstay.ts'

/** The kinds of providers that this server knows. They change only with its version. */
export function useProviderKinds() {
  return useQuery({
    queryKey: ['provider-kinds'],
    queryFn: async ({ signal }) => (await mainstay().notify.listProviderKinds({}, { signal })).providerKinds,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** What an account's kind is called. */
export function kindTitle(account: ProviderAccount, kinds: readonly ProviderKind[] | undefined): string {
  const { config } = account
  if (config.case === 'service') {
    const { kind } = config.value
    return kinds?.find((one) => one.kind === kind)?.title ?? kind
  }
  return { sandbox: 'Sandbox', smtp: 'SMTP server', http: 'HTTP endpoint' }[config.case ?? 'sandbox']
}
