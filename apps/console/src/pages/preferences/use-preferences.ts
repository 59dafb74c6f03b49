import { Preferences } from '@mainstay/proto/notify/v1/preferences'
import { useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'

/** The project's categories: the same in both modes. */
export function useCategories() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['categories', project],
    queryFn: async ({ signal }) => (await serviceOf(Preferences).listCategories({}, { signal })).categories,
  })
}

/** The project's quiet hours and caps: the same in both modes. */
export function useContactSettings() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['contact-settings', project],
    queryFn: ({ signal }) => serviceOf(Preferences, 'live').getContactSettings({}, { signal }),
  })
}

/** What a person gets, in the mode the operator works in. */
export function useRecipientPreferences(recipientId: string) {
  const [project, mode] = useScope()
  const queryKey = ['recipient-preferences', project, mode, recipientId]
  const found = useQuery({
    queryKey,
    queryFn: ({ signal }) => serviceOf(Preferences, mode).getPreferences({ recipientId }, { signal }),
  })
  return { ...found, queryKey, client: serviceOf(Preferences, mode) }
}
