import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 767px)')

function subscribe(onChange: () => void): () => void {
  narrow.addEventListener('change', onChange)
  return () => narrow.removeEventListener('change', onChange)
}

/** Whether the screen is a phone's: the navigation is a sheet and tables are two-line rows. */
export function useCompact(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}
