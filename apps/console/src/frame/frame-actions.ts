import { createContext, useContext } from 'react'

/** What every page may ask of the frame. */
export interface FrameActions {
  openPalette(): void
  openSendTest(): void
  openShortcuts(): void
}

export const FrameActionsContext = createContext<FrameActions | undefined>(undefined)

export function useFrameActions(): FrameActions {
  const actions = useContext(FrameActionsContext)
  if (!actions) throw new Error('useFrameActions needs the frame around it')
  return actions
}
