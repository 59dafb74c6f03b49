import { type Workflow, type WorkflowRunState, Workflows } from '@mainstay/proto/notify/v1/workflows'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { isOver } from './run-states.ts'

/** The newest version of every workflow, by name. */
export function useWorkflows() {
  const scope = useScope()
  return useQuery({
    queryKey: ['workflows', ...scope],
    async queryFn({ signal }) {
      const workflows: Workflow[] = []
      for await (const one of serviceOf(Workflows).listWorkflows({ pageSize: 500 }, { signal })) {
        workflows.push(one)
      }
      return workflows
    },
    refetchInterval: 10_000,
  })
}

/** One version, or the newest for version 0. */
export function useWorkflow(name: string, version: number) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['workflow', project, name, version],
    queryFn: ({ signal }) => serviceOf(Workflows).getWorkflow({ name, version }, { signal }),
    enabled: name !== '',
  })
}

/** The newest hundred versions. */
export function useWorkflowVersions(name: string) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['workflow', project, name, 'versions'],
    async queryFn({ signal }) {
      const { versions } = await serviceOf(Workflows).listWorkflowVersions(
        { name, pageSize: 100 },
        { signal },
      )
      return versions
    },
  })
}

export interface RunFilter {
  workflow: string
  states: WorkflowRunState[]
}

/** Runs, newest first, looked at again every two seconds while the first page is all that is shown. */
export function useRuns(filter: RunFilter) {
  const scope = useScope()
  return useInfiniteQuery({
    queryKey: ['workflow-runs', ...scope, filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Workflows).listWorkflowRuns(
        { ...filter, live: scope[1] === 'live', pageSize: 50, pageToken: pageParam },
        { signal },
      ),
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 1) > 1 ? false : 2_000),
  })
}

/** A run and what happened in it, asked again for as long as more can happen. */
export function useRunTimeline(runId: string) {
  return useQuery({
    queryKey: ['workflow-run', runId, ...useScope()],
    queryFn: ({ signal }) => serviceOf(Workflows).getWorkflowRunTimeline({ runId }, { signal }),
    staleTime: 0,
    refetchInterval({ state: { data, error } }) {
      if (error || !data?.run) return false
      return isOver(data.run.state) ? 15_000 : 1_000
    },
  })
}
