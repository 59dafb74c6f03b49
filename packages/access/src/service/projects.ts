import { appError, type Clock, type Db, newId, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { projectCreated } from '../events.ts'
import { findProject, insertProject, listProjects, type ProjectRow } from '../store/projects.ts'
import { type Act, within } from './act.ts'
import { recordAudit } from './audit.ts'
import type { EventPublisher } from './event-publisher.ts'
import type { PageAsk } from './paging.ts'

export interface ProjectsDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  events: EventPublisher
}

export function createProjects({ db, clock, pageTokens, events }: ProjectsDeps) {
  return {
    async create(act: Act, wanted: { slug: string; displayName: string }): Promise<ProjectRow> {
      return await within(db, act, async (tx) => {
        const row: ProjectRow = {
          project_id: newId(clock),
          slug: wanted.slug,
          display_name: wanted.displayName,
          create_time: clock.now(),
        }
        if (!(await insertProject(tx, row))) {
          throw appError(
            reasons,
            'access.project_slug_taken',
            `There is a project with the slug "${wanted.slug}" already. Choose another.`,
            { violations: [{ field: 'project.slug', description: 'is taken' }] },
          )
        }
        await recordAudit(tx, clock, act, {
          projectId: row.project_id,
          action: 'access.projects.create',
          resource: toTypeId('prj', row.project_id),
        })
        await events.publish(tx, projectCreated, { projectId: row.project_id, slug: row.slug })
        return row
      })
    },

    async get(projectId: string): Promise<ProjectRow> {
      const row = await findProject(db, projectId)
      if (row !== undefined) return row
      throw appError(
        reasons,
        'access.project_not_found',
        'There is no such project. ListProjects says which there are.',
      )
    },

    async list(ask: PageAsk): Promise<{ rows: ProjectRow[]; nextPageToken: string }> {
      const scope = { method: ask.method, projectId: '' }
      const limit = pageLimit(ask.pageSize)
      const [afterId] = pageTokens.read(scope, ask.pageToken) ?? []
      const rows = await listProjects(db, { afterId: afterId as string | undefined, limit: limit + 1 })
      return pageTokens.cut(scope, rows, limit, (last) => [last.project_id])
    },
  }
}

export type Projects = ReturnType<typeof createProjects>
