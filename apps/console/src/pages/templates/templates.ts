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

/** The first words of the Liquid tags in a text: the data that a template asks for. Loop variables are left out. */
export function variablesOf(...texts: string[]): string[] {
  const found = new Set<string>()
  const local = new Set(['forloop'])
  for (const text of texts) {
    for (const [, loop] of text.matchAll(/\{%-?\s*(?:for|assign|capture)\s+([\w-]+)/g))
      if (loop) local.add(loop)
    for (const [, path] of text.matchAll(/\{\{-?\s*([a-zA-Z_][\w-]*(?:\.[\w-]+)*)/g))
      if (path) found.add(path)
    for (const [, path] of text.matchAll(
      /\{%-?\s*(?:if|unless|elsif|for\s+[\w-]+\s+in)\s+([a-zA-Z_][\w-]*(?:\.[\w-]+)*)/g,
    ))
      if (path) found.add(path)
  }
  return [...found].filter((path) => !local.has(path.split('.')[0] ?? ''))
}
