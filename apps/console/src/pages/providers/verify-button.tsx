import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useMutation } from '@tanstack/react-query'
import { PlugZap } from 'lucide-react'
import { describeFailure } from '../../api/failure.ts'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatDuration, toDurationMs } from '../../format/duration.ts'

/** Connects and signs in to the provider without sending anything, and says what it answered. */
export function VerifyButton({ account }: { account: ProviderAccount }) {
  const { providerAccountId, displayName } = account
  const verify = useMutation({
    mutationFn: () => mainstay().notify.verifyProviderAccount({ providerAccountId }, { timeoutMs: 60_000 }),
    onSuccess(result) {
      const took = toDurationMs(result.duration)
      const description = [result.detail, took !== undefined && `in ${formatDuration(took)}`]
        .filter(Boolean)
        .join(', ')
      if (result.ok) toast.success(`${displayName} would take messages.`, { description })
      else toast.error(`${displayName} would not take messages.`, { description, duration: 12_000 })
    },
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  return (
    <Button
      size="sm"
      busy={verify.isPending}
      onClick={() => verify.mutate()}
      aria-label={`Verify ${displayName}`}
    >
      <PlugZap aria-hidden />
      Verify
    </Button>
  )
}
