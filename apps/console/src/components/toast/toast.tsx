import { type ComponentProps, lazy, Suspense, useSyncExternalStore } from 'react'
import type { ExternalToast } from 'sonner'
import { ask, readWaiting, subscribe } from './toast-queue.ts'

type Say = (text: string, options?: ExternalToast) => void

const say =
  (kind: 'plain' | 'success' | 'error'): Say =>
  (text, options) =>
    ask({ kind, text, options })

/** Says in a corner that something worked or did not. */
export const toast: Say & { success: Say; error: Say } = Object.assign(say('plain'), {
  success: say('success'),
  error: say('error'),
})

const Toaster = lazy(() => import('./toaster.tsx').then((module) => ({ default: module.Toaster })))

let everAsked = false

function wasAsked(): boolean {
  everAsked ||= readWaiting().length > 0
  return everAsked
}

/** Where toasts show. What draws them is 9 kB, which no page needs to start: it loads with the first one. */
export function Toasts(props: ComponentProps<typeof Toaster>) {
  const needed = useSyncExternalStore(subscribe, wasAsked)
  return <Suspense>{needed && <Toaster {...props} />}</Suspense>
}
