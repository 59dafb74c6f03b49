import type { JsonObject } from '@bufbuild/protobuf'
import type { Template, TemplateDraft } from '@mainstay/proto/notify/v1'
import type { TemplateVersion } from '@mainstay/proto/notify/v1/templates'
import { MainstayError } from '@mainstay/sdk'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { type TemplateState, textsOf, toTemplate } from './template-state.ts'

/** The newest version of every template, by name, and those of which there is only a draft. */
export function useTemplates() {
  const [project] = useScope()
  return useQuery({
    queryKey: ['templates', project],
    async queryFn({ signal }) {
      const templates: Template[] = []
      const all = mainstay().notify.listTemplates({ pageSize: 500, includeDrafts: true }, { signal })
      for await (const template of all) templates.push(template)
      return templates
    },
  })
}

/** What is edited: the draft, or the newest version where there is none. */
export function useEditable(name: string) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['template', project, name, 'draft'],
    async queryFn({ signal }) {
      try {
        const { template, etag } = await mainstay().notify.getTemplateDraft({ name }, { signal })
        if (template !== undefined) return { template, etag }
      } catch (error) {
        if (!(error instanceof MainstayError) || error.reason !== 'notify.template_draft_not_found')
          throw error
      }
      return { template: await mainstay().notify.getTemplate({ name }, { signal }), etag: '' }
    },
    // What is being written is not replaced under the writer's hands.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
}

/** Tells the rest of the page of a draft that was just saved; what is being written is left alone. */
export function useKeepDraft() {
  const [project] = useScope()
  const queries = useQueryClient()
  return async ({ template, etag }: TemplateDraft) => {
    if (template === undefined) return
    queries.setQueryData(['template', project, template.name, 'draft'], { template, etag })
    await queries.invalidateQueries({ queryKey: ['templates'] })
  }
}

/** One published version. They never change. */
export function useVersion(name: string, version: number) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['template', project, name, version],
    queryFn: ({ signal }) => mainstay().notify.getTemplate({ name, version }, { signal }),
    enabled: version > 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The newest hundred versions of a template. */
export function useVersions(name: string, newest: number) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['template', project, name, 'versions', newest],
    async queryFn({ signal }) {
      const versions: TemplateVersion[] = []
      for await (const version of mainstay().notify.listTemplateVersions(
        { name, pageSize: 100 },
        { signal },
      )) {
        versions.push(version)
        if (versions.length === 100) break
      }
      return versions
    },
    enabled: newest > 0,
  })
}

/** What a template says with some data, a moment after the last change of either. */
export function usePreview(state: TemplateState, data: JsonObject | undefined, locale: string) {
  const [project] = useScope()
  const wanted = useSettled(
    JSON.stringify({ draft: { ...toTemplate(state), name: previewName(state.name) }, data, locale }),
    250,
  )
  return useQuery({
    queryKey: ['template-preview', project, wanted],
    queryFn({ signal }) {
      const { draft, data: filled, locale: said } = JSON.parse(wanted)
      const source = { case: 'draft', value: draft } as const
      return mainstay().notify.renderTemplate({ source, data: filled, locale: said }, { signal })
    },
    // Nothing is wrong with a page that nobody has written on yet.
    enabled: data !== undefined && textsOf(state).some((text) => text !== ''),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

/** While a name is being typed it may be none yet; what the template says does not hang on it. */
function previewName(name: string): string {
  return /^[a-z][a-z0-9._-]{0,62}[a-z0-9]$/.test(name) ? name : 'draft'
}

function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}
