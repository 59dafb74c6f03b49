import { type ComponentProps, useEffect, useSyncExternalStore } from 'react'
import { Toaster as Corner, toast as show } from 'sonner'
import { readWaiting, subscribe, takeWaiting } from './toast-queue.ts'

/** Draws what waits. Loaded with the first toast: see toast.tsx. */
export function Toaster(props: ComponentProps<typeof Corner>) {
  const waiting = useSyncExternalStore(subscribe, readWaiting)
  // Runs after the corner's own effect, in which it begins to listen.
  useEffect(() => {
    if (waiting.length === 0) return
    for (const { kind, text, options } of takeWaiting()) {
      if (kind === 'plain') show(text, options)
      else show[kind](text, options)
    }
  }, [waiting])
  return <Corner {...props} />
}
