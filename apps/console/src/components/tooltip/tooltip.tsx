import { Tooltip as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { insideMain } from '../../screen/inside-main.ts'
import { Keys } from './keys.tsx'

/** Wrapped around the app once: tooltips open after half a second and then follow the pointer at once. */
export const TooltipProvider = Radix.Provider

/** A few words about one control, with its key if it has one. Never the only place where something is said. */
export function Tooltip({
  text,
  keys,
  side = 'bottom',
  children,
}: {
  text: string
  keys?: string | undefined
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal container={insideMain()}>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-w-72 items-center gap-2 rounded-sm bg-ink px-2 py-1 text-xs text-canvas shadow-float animate-appear"
        >
          {text}
          {keys && <Keys keys={keys} inverted />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
