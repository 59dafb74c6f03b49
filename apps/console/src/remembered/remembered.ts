import { useSyncExternalStore } from 'react'

/** A preference that outlives the tab: kept in local storage, the same in every tab, readable outside React. */
export interface Remembered<T> {
  get(): T
  set(value: T): void
  use(): T
}

/**
 * Keeps a preference under `mainstay.<name>`. What `isValid` refuses (another version's value, a hand edit) reads as
 * `fallback`; where storage is blocked the preference lasts as long as the tab.
 */
export function createRemembered<T>(
  name: string,
  fallback: T,
  isValid: (value: unknown) => value is T,
): Remembered<T> {
  const key = `mainstay.${name}`
  const listeners = new Set<() => void>()
  let value = read(key, fallback, isValid)

  window.addEventListener('storage', (event) => {
    if (event.key !== key) return
    value = read(key, fallback, isValid)
    for (const listener of listeners) listener()
  })

  function subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  const get = () => value
  return {
    get,
    set(next) {
      value = next
      try {
        localStorage.setItem(key, JSON.stringify(next))
      } catch {
        // Storage is full or blocked: the value lives on in this tab, which is all that can be promised then.
      }
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}

function read<T>(key: string, fallback: T, isValid: (value: unknown) => value is T): T {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    return isValid(stored) ? stored : fallback
  } catch {
    return fallback
  }
}

/** Accepts one of the listed strings. */
export function oneOf<const T extends string>(...values: T[]): (value: unknown) => value is T {
  return (value): value is T => values.some((allowed) => allowed === value)
}
