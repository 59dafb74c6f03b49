import { useEffect } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { createRemembered, oneOf } from '../remembered/remembered.ts'

/** Test messages go to test accounts, as the sandbox is; live messages reach people. */
export type ModeName = 'test' | 'live'

export const isModeName = oneOf('test', 'live')

/** The mode the operator works in. Starts at test: nobody should reach a person by accident. */
export const mode = createRemembered<ModeName>('mode', 'test', isModeName)

/**
 * Keeps the mode in the address (`?mode=`), so that a copied link opens what its sender saw. An address that names a
 * mode sets it when it is opened. The router never sees the parameter: pages pass their own search parameters on, and
 * would carry a mode along that is in use no longer.
 */
export function useModeInAddress(): ModeName {
  const current = mode.use()
  const navigate = useNavigate()
  const location = useLocation()

  useEffect(() => {
    const search = new URLSearchParams(location.search)
    const named = search.get('mode')
    if (named === null) return
    if (isModeName(named)) mode.set(named)
    search.delete('mode')
    void navigate({ ...location, search: search.toString() }, { replace: true, state: location.state })
  }, [location, navigate])

  // biome-ignore lint/correctness/useExhaustiveDependencies: every new location starts without it
  useEffect(() => {
    const url = new URL(window.location.href)
    url.searchParams.set('mode', current)
    // Not by the router: a switch may come while it is on its way to another page.
    window.history.replaceState(window.history.state, '', url)
  }, [current, location])

  return current
}
