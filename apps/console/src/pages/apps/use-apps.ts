import { type Client, Clients } from '@mainstay/proto/identity/v1/clients'
import { useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'

/** The apps of the mode that the operator works in, newest first. */
export function useApps() {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: ['apps', project, modeName],
    async queryFn({ signal }) {
      const apps: Client[] = []
      let pageToken = ''
      do {
        const page = await serviceOf(Clients, modeName).listClients({ pageToken, pageSize: 500 }, { signal })
        apps.push(...page.clients.filter(({ test }) => test === (modeName === 'test')))
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      return apps
    },
  })
}

/** The project's kinds by name: the same in test and live mode. */
export function useKinds() {
  const scope = useScope()
  return useQuery({
    queryKey: ['kinds', ...scope],
    queryFn: async ({ signal }) => (await serviceOf(Clients).listKinds({}, { signal })).kinds,
    staleTime: 30_000,
  })
}
