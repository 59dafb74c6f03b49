import type { Project } from '@mainstay/proto/access/v1'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { mainstay } from '../api/mainstay.ts'
import { callerKey } from '../api/query-client.ts'
import { projectSlug } from './project.ts'

/** Who is signed in. */
export function useCaller() {
  return useQuery({
    queryKey: callerKey,
    queryFn: ({ signal }) => mainstay().access.getCaller({}, { signal }),
    staleTime: 60_000,
  })
}

/** The projects the operator may see. */
export function useProjects() {
  return useQuery({
    queryKey: ['projects'],
    queryFn: async ({ signal }) => {
      const projects: Project[] = []
      for await (const project of mainstay().access.listProjects({ pageSize: 500 }, { signal }))
        projects.push(project)
      return projects
    },
    staleTime: 60_000,
  })
}

/**
 * Settles which project the console works in: the one the address names (`?project=`), else the one remembered, else
 * the first. A remembered one is taken at its word until the projects are known, so that a reload waits for nothing.
 * Returns its slug, or undefined while there is nothing to go by.
 */
export function useSettledProject(projects: Project[] | undefined, named: string | null): string | undefined {
  const remembered = projectSlug.use()
  const known = (slug: string | null) => projects?.find((project) => project.slug === slug)?.slug
  const settled = projects && (known(named) ?? known(remembered) ?? projects[0]?.slug)
  useEffect(() => {
    if (settled !== undefined && settled !== remembered) projectSlug.set(settled)
  }, [settled, remembered])
  if (!projects) return named === null || named === remembered ? remembered || undefined : undefined
  return settled === remembered ? settled : undefined
}
