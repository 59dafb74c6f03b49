import { useQuery } from '@tanstack/react-query'
import { mainstay, mainstayFor, useScope } from '../../api/mainstay.ts'

/** The project's categories: the same in both modes. */
export function useCategories() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['categories', project],
    queryFn: async ({ signal }) => (await mainstay().preferences.listCategories({}, { signal })).categories,
  })
}

/** The project's quiet hours and caps: the same in both modes. */
export function useContactSettings() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['contact-settings', project],
    queryFn: ({ signal }) => mainstayFor('live').preferences.getContactSettings({}, { signal }),
  })
}

/** What a person gets, in the mode the operator works in. */
export function useRecipientPreferences(recipientId: string) {
  const [project, mode] = useScope()
  const queryKey = ['recipient-preferences', project, mode, recipientId]
  const found = useQuery({
    queryKey,
    queryFn: ({ signal }) => mainstayFor(mode).preferences.getPreferences({ recipientId }, { signal }),
  })
  return { ...found, queryKey, client: mainstayFor(mode).preferences }
}
