import type { Template } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'

/** The newest version of every template, by name. */
export function useTemplates() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['templates', project],
    async queryFn({ signal }) {
      const templates: Template[] = []
      for await (const template of mainstay().notify.listTemplates({ pageSize: 500 }, { signal }))
        templates.push(template)
      return templates
    },
  })
}

/** One template: the version asked for, or its newest. */
export function useTemplate(name: string | undefined, version: number) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['template', project, name, version],
    queryFn: ({ signal }) => mainstay().notify.getTemplate({ name: name ?? '', version }, { signal }),
    enabled: name !== undefined,
    staleTime: version > 0 ? Number.POSITIVE_INFINITY : 5_000,
  })
}
