import type { ApiKey } from '@mainstay/proto/access/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { mainstay } from '../../api/mainstay.ts'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** Ends a key for good, once its name has been typed. */
export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => mainstay().access.revokeApiKey({ apiKeyId: apiKey.apiKeyId }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['api-keys'] })
      toast.success(`Revoked ${apiKey.displayName}.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title={`Revoke ${apiKey.displayName}`}
      consequence={
        <>
          Every program that shows <span className="tabular text-xs">{apiKey.keyPrefix}…</span> is refused
          within a second. A revoked key cannot be brought back.
        </>
      }
      name={apiKey.displayName}
      verb="Revoke key"
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
    />
  )
}
