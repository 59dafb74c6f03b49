import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { describeFailure } from '../api/failure.ts'
import { mainstay } from '../api/mainstay.ts'
import { Switch } from '../components/field/checkbox.tsx'
import { toast } from '../components/toast/toast.tsx'
import { routingKey } from './routing.ts'

/** What can be switched at an account besides whether it is enabled. */
export type AccountFlag = 'drained' | 'broken'

const flags = {
  drained: {
    label: (name: string) => `Drain ${name}`,
    on: (name: string) => `${name} gets no new messages.`,
    off: (name: string) => `${name} gets messages again.`,
  },
  broken: {
    label: (name: string) => `Break ${name}`,
    on: (name: string) => `${name} refuses every message now, as a provider does that is down.`,
    off: (name: string) => `${name} works again.`,
  },
} as const

/** Switches a flag at once; it goes back if the server refuses. */
export function AccountFlagSwitch({ account, flag }: { account: ProviderAccount; flag: AccountFlag }) {
  const queries = useQueryClient()
  const { providerAccountId, etag, displayName } = account
  const words = flags[flag]
  const change = useMutation({
    mutationFn: (on: boolean) =>
      mainstay().notify.updateProviderAccount(
        flag === 'drained'
          ? {
              providerAccount: { providerAccountId, etag, routing: { drained: on } },
              updateMask: { paths: ['routing.drained'] },
            }
          : {
              providerAccount: {
                providerAccountId,
                etag,
                config: { case: 'sandbox', value: { broken: on } },
              },
              updateMask: { paths: ['sandbox.broken'] },
            },
      ),
    onSuccess: (_, on) => void toast((on ? words.on : words.off)(displayName)),
    onError: (error) => void toast.error(describeFailure(error).message),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['provider-accounts'] }),
        queries.invalidateQueries({ queryKey: [routingKey] }),
      ]),
  })
  return (
    <Switch
      label={words.label(displayName)}
      checked={change.isPending ? change.variables : isOn(account, flag)}
      onChange={(on) => change.mutate(on)}
    />
  )
}

function isOn({ routing, config }: ProviderAccount, flag: AccountFlag): boolean {
  if (flag === 'drained') return routing?.drained ?? false
  return config.case === 'sandbox' && config.value.broken
}
