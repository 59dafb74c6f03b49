import { useQueryClient } from '@tanstack/react-query'
import { routingKey } from '../../notify/routing.ts'

/** Reads all of routing anew, after a change of any of it. */
export function useRoutingReload(): () => Promise<void> {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: [routingKey] })
}
