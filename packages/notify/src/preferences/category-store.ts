import type { Executor, Tx } from '@mainstay/kernel'

/** A category as it is stored. */
export interface CategoryRow {
  category: string
  display_name: string
  description: string
  mandatory: boolean
  /** Of the contract's Channel. */
  off_channels: number[]
  quiet_hours: boolean
  /** 0: no limit. */
  day_cap: number
  week_cap: number
  revision: number
  create_time: Date
  update_time: Date
}

/** What a caller decides of a category. */
export type CategoryDraft = Omit<CategoryRow, 'revision' | 'create_time' | 'update_time'>

const COLUMNS = `category, display_name, description, mandatory, off_channels, quiet_hours, day_cap, week_cap, revision,
  create_time, update_time`

/** Undefined when there is one of this name. */
export async function insertCategory(
  tx: Tx,
  projectId: string,
  draft: CategoryDraft,
  now: Date,
): Promise<CategoryRow | undefined> {
  const { rows } = await tx.query<CategoryRow>({
    text: `
      INSERT INTO notify.categories (project_id, category, display_name, description, mandatory, off_channels, quiet_hours,
        day_cap, week_cap, revision, create_time, update_time)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)
      ON CONFLICT (project_id, category) DO NOTHING
      RETURNING ${COLUMNS}`,
    values: [...valuesOf(projectId, draft), now],
  })
  return rows[0]
}

/** The row is locked by the caller. */
export async function updateCategory(
  tx: Tx,
  projectId: string,
  draft: CategoryDraft,
  now: Date,
): Promise<CategoryRow> {
  const { rows } = await tx.query<CategoryRow>({
    text: `
      UPDATE notify.categories
      SET display_name = $3, description = $4, mandatory = $5, off_channels = $6, quiet_hours = $7, day_cap = $8,
        week_cap = $9, revision = revision + 1, update_time = $10
      WHERE project_id = $1 AND category = $2
      RETURNING ${COLUMNS}`,
    values: [...valuesOf(projectId, draft), now],
  })
  const [row] = rows
  if (row === undefined) throw new Error('A category that was locked is gone')
  return row
}

function valuesOf(projectId: string, draft: CategoryDraft): unknown[] {
  const { category, display_name, description, mandatory, off_channels, quiet_hours, day_cap, week_cap } =
    draft
  return [
    ...[projectId, category, display_name, description, mandatory, off_channels, quiet_hours],
    ...[day_cap, week_cap],
  ]
}

/** @param lock holds it until the transaction ends. */
export async function findCategory(
  executor: Executor,
  projectId: string,
  category: string,
  lock = false,
): Promise<CategoryRow | undefined> {
  const { rows } = await executor.query<CategoryRow>({
    text: `SELECT ${COLUMNS} FROM notify.categories WHERE project_id = $1 AND category = $2${lock ? ' FOR UPDATE' : ''}`,
    values: [projectId, category],
  })
  return rows[0]
}

/** By display name. There are few: see MAX_CATEGORIES. */
export async function listCategories(executor: Executor, projectId: string): Promise<CategoryRow[]> {
  const { rows } = await executor.query<CategoryRow>({
    name: 'notify.categories.list',
    text: `SELECT ${COLUMNS} FROM notify.categories WHERE project_id = $1 ORDER BY lower(display_name), category`,
    values: [projectId],
  })
  return rows
}

export async function deleteCategory(tx: Tx, projectId: string, category: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: 'DELETE FROM notify.categories WHERE project_id = $1 AND category = $2',
    values: [projectId, category],
  })
  return rowCount > 0
}
