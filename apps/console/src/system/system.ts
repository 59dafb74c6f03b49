import { useQuery } from '@tanstack/react-query'
import { mainstay } from '../api/mainstay.ts'

/** The running program: version, role, and whether everything it needs is up. Asked again every 15 seconds. */
export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => mainstay().system.getSystem({}, { signal, timeoutMs: 10_000 }),
    refetchInterval: 15_000,
    retry: 0,
  })
}
