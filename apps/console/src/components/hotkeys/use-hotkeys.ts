import { useLayoutEffect, useRef } from 'react'

/** A key, as `KeyboardEvent.key` names it but in lower case, or two of them one after the other: `g m`. */
export type Hotkeys = Record<string, (event: KeyboardEvent) => void>

const sequenceMs = 900

/**
 * Listens for single keys on the whole page while a component is shown. Keys typed into a field, or while a dialog or
 * menu is open, belong to those and are left alone, as is everything with Ctrl, ⌘ or Alt.
 */
export function useHotkeys(hotkeys: Hotkeys, enabled = true): void {
  const latest = useRef(hotkeys)
  // Before anything is painted: a key is about what is on the screen, not about what was there a moment ago.
  useLayoutEffect(() => {
    latest.current = hotkeys
  })
  useLayoutEffect(() => {
    if (!enabled) return
    let pending: { key: string; at: number } | undefined
    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (isElsewhere(event.target)) return
      const key = event.key.toLowerCase()
      const recent = pending && event.timeStamp - pending.at < sequenceMs ? `${pending.key} ${key}` : ''
      const action = latest.current[recent] ?? latest.current[key]
      const starts = Object.keys(latest.current).some((keys) => keys.startsWith(`${key} `))
      pending = starts && !action ? { key, at: event.timeStamp } : undefined
      if (!action) return
      event.preventDefault()
      action(event)
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [enabled])
}

function isElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"][data-state="open"], [role="menu"], [role="listbox"]'))
    return true
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select')
}
