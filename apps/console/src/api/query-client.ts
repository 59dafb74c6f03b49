import { MainstayError } from '@mainstay/sdk'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

/** The key of the answer to "who am I?"; a 401 anywhere marks it stale, and the session guard takes over. */
export const callerKey = ['caller'] as const

/** One cache for the whole console. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: onAnyError }),
  mutationCache: new MutationCache({ onError: onAnyError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && isWorthAnotherTry(error),
      retryDelay: (attempt) => Math.min(4_000, 400 * 2 ** attempt),
    },
  },
})

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof MainstayError)) return false
  return error.code === 'unavailable' || error.code === 'deadline_exceeded' || error.status === 429
}

/** Whether the session has ended, and with it the page: the session guard is told, and takes over. */
export function isSignedOut(error: unknown): boolean {
  if (!(error instanceof MainstayError) || error.code !== 'unauthenticated') return false
  onAnyError(error)
  return true
}

function onAnyError(error: unknown): void {
  if (!(error instanceof MainstayError) || error.code !== 'unauthenticated') return
  if (error.reason === 'access.sign_in_link_invalid') return
  const state = queryClient.getQueryState(callerKey)
  if (state?.status === 'success') void queryClient.invalidateQueries({ queryKey: callerKey })
}
