import { appError, type Db } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import { textColumn, uuidColumn } from './columns.ts'
import { shareLookups } from './shared-lookup.ts'

/** True when the project has the category. */
export type FindCategory = (projectId: string, category: string) => Promise<boolean>

/**
 * Looks categories up for sending. Read fresh each time and not cached: whoever has just made one must not be told by another
 * process that there is none.
 */
export function createCategoryLookup(db: Pick<Db, 'query'>): FindCategory {
  const lookUp = shareLookups<{ projectId: string; category: string }, true>(async (wanted) => {
    const { rows } = await db.query<{ found: boolean }>({
      name: 'notify.accept.categories',
      text: `
        SELECT EXISTS (
          SELECT FROM notify.categories c WHERE c.project_id = wanted.project_id AND c.category = wanted.category
        ) AS found
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (project_id, category, position)
        ORDER BY position`,
      values: [
        uuidColumn(wanted.map(({ projectId }) => projectId)),
        textColumn(wanted.map(({ category }) => category)),
      ],
    })
    return rows.map(({ found }) => found || undefined)
  })
  return async (projectId, category) => (await lookUp({ projectId, category })) ?? false
}

/** Throws `notify.category_not_found`, at the field. */
export async function requireCategory(
  projectId: string,
  category: string,
  find: FindCategory,
): Promise<void> {
  if (await find(projectId, category)) return
  throw appError(
    reasons,
    'notify.category_not_found',
    `There is no category "${category}". Make it with CreateCategory, or leave the field out.`,
    { violations: [{ field: 'category', description: 'is not a category of this project' }] },
  )
}
