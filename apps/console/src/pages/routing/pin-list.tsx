import type { RoutingPin } from '@mainstay/proto/notify/v1/routing'
import { useMutation } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { mainstayFor } from '../../api/mainstay.ts'
import { Button, IconButton } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useRoutingSettings } from '../../notify/routing.ts'
import { scopeWords } from '../../notify/routing-words.ts'
import { useRoutingReload } from './change-routing.ts'
import { PinDialog } from './pin-dialog.tsx'

/** The accounts that messages go to whatever others cost; the first that fits holds. */
export function PinList() {
  const settings = useRoutingSettings()
  const accounts = useProviderAccounts()
  const [isAdding, setAdding] = useState(false)
  const pins = accounts.isPending ? undefined : settings.data?.pins
  const nameOf = (id: string): string =>
    accounts.data?.find(({ providerAccountId }) => providerAccountId === id)?.displayName ?? id
  return (
    <Section
      title="Pins"
      aside={
        <Button size="sm" disabled={!pins} onClick={() => setAdding(true)}>
          <Plus aria-hidden />
          Pin an account
        </Button>
      }
    >
      <Card>
        {settings.isError && !pins ? (
          <FailureNote error={settings.error} className="m-3" />
        ) : !pins ? (
          <div className="p-4">
            <Loading what="pins" />
            <Skeleton className="w-2/3" />
          </div>
        ) : pins.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            Nothing is pinned: priority, weights, price and measured delivery decide.
          </p>
        ) : (
          <ol aria-label="Pins">
            {pins.map((pin, index) => (
              <Pin
                key={`${pin.channel} ${pin.country} ${pin.providerAccountId}`}
                pin={pin}
                name={nameOf(pin.providerAccountId)}
                others={pins.toSpliced(index, 1)}
              />
            ))}
          </ol>
        )}
      </Card>
      {isAdding && pins && <PinDialog pins={pins} onClose={() => setAdding(false)} />}
    </Section>
  )
}

function Pin({ pin, name, others }: { pin: RoutingPin; name: string; others: RoutingPin[] }) {
  const reload = useRoutingReload()
  const remove = useMutation({
    mutationFn: () =>
      mainstayFor('live').notify.updateRoutingSettings({
        routingSettings: { pins: others },
        updateMask: { paths: ['pins'] },
      }),
    async onSuccess() {
      await reload()
      toast(`${scopeWords(pin)} is not pinned any more.`)
    },
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  return (
    <li className="flex items-center gap-3 border-line px-4 py-2.5 text-sm not-first:border-t">
      <div className="min-w-0 flex-1">
        <p className="truncate">
          {scopeWords(pin)} <span className="text-ink-3">→</span> {name}
        </p>
        <p className="text-xs text-ink-3">
          {pin.exclusive
            ? 'Messages wait for it while it takes none'
            : 'Others take over while it takes none'}
        </p>
      </div>
      <IconButton
        label={`Remove the pin of ${scopeWords(pin)} to ${name}`}
        disabled={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 aria-hidden />
      </IconButton>
    </li>
  )
}
