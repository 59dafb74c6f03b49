import { PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { AccountHealth } from './account-health.tsx'
import { KillSwitch } from './kill-switch.tsx'
import { PinList } from './pin-list.tsx'
import { PriceList } from './price-list.tsx'
import { SpendCaps } from './spend-caps.tsx'

/** Which account takes a message, what that costs, and what may be spent. */
export function Component() {
  return (
    <ScrollPage>
      <PageHeader title="Routing">
        <KillSwitch />
      </PageHeader>
      <p className="-mt-3 text-sm text-ink-2">
        Stopping, caps, pins and prices hold for live and test messages alike.
      </p>
      <AccountHealth />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <SpendCaps />
        <PinList />
      </div>
      <PriceList />
    </ScrollPage>
  )
}
