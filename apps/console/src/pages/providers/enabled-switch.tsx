import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { describeFailure } from '../../api/failure.ts'
import { mainstay } from '../../api/mainstay.ts'
import { Switch } from '../../components/field/checkbox.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** Turns routing to an account on or off. It shows at once and goes back if the server refuses. */
export function EnabledSwitch({ account }: { account: ProviderAccount }) {
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      mainstay().notify.updateProviderAccount({
        providerAccount: { providerAccountId: account.providerAccountId, etag: account.etag, enabled },
        updateMask: { paths: ['enabled'] },
      }),
    onSuccess: (_, enabled) =>
      void toast(
        enabled ? `${account.displayName} takes messages.` : `${account.displayName} takes no more messages.`,
      ),
    onError: (error) => void toast.error(describeFailure(error).message),
    onSettled: () => queries.invalidateQueries({ queryKey: ['provider-accounts'] }),
  })
  return (
    <Switch
      label={`Enable ${account.displayName}`}
      checked={change.isPending ? change.variables : account.enabled}
      onChange={(enabled) => change.mutate(enabled)}
    />
  )
}
