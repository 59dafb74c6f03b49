import { useEffect, useSyncExternalStore } from 'react'
import { createRemembered, oneOf } from '../remembered/remembered.ts'

export type Theme = 'system' | 'light' | 'dark'

/** What the operator chose. `public/first-paint.js` reads the same key before the bundle is there. */
export const theme = createRemembered<Theme>('theme', 'system', oneOf('system', 'light', 'dark'))

const systemDark = window.matchMedia('(prefers-color-scheme: dark)')

function followSystem(onChange: () => void): () => void {
  systemDark.addEventListener('change', onChange)
  return () => systemDark.removeEventListener('change', onChange)
}

/** The colours on screen right now. */
export function useShownTheme(): 'light' | 'dark' {
  const chosen = theme.use()
  const system = useSyncExternalStore(followSystem, () => (systemDark.matches ? 'dark' : 'light'))
  return chosen === 'system' ? system : chosen
}

/** Puts the theme on the document. Called once, by the outermost component. */
export function useThemeOnDocument(): void {
  const shown = useShownTheme()
  useEffect(() => {
    document.documentElement.dataset.theme = shown
  }, [shown])
}
