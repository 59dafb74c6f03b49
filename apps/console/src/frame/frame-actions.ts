import type { Channel } from '@mainstay/proto/notify/v1'
import { createContext, useContext } from 'react'

/** What every page may ask of the frame. */
export interface FrameActions {
  openPalette(): void
  /** Offers to send a test message; email first, where no channel is named. */
  openSendTest(channel?: Channel): void
  openShortcuts(): void
}

export const FrameActionsContext = createContext<FrameActions | undefined>(undefined)

export function useFrameActions(): FrameActions {
  const actions = useContext(FrameActionsContext)
  if (!actions) throw new Error('useFrameActions needs the frame around it')
  return actions
}
