import { recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, type Tx } from '@mainstay/kernel'
import type { Category } from '@mainstay/proto/notify/v1/preferences'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import {
  type CategoryDraft,
  type CategoryRow,
  deleteCategory,
  findCategory,
  insertCategory,
  listCategories,
  updateCategory,
} from './category-store.ts'
import { changedMeanwhile, invalid, noSuchCategory, readMask, requireStorable } from './refusals.ts'

/** What a page of preferences can show, and a person read. */
export const MAX_CATEGORIES = 200

const CHANGEABLE = [
  'display_name',
  'description',
  'mandatory',
  'off_channels',
  'cap',
  'ignores_quiet_hours',
] as const

/** The categories of a project, as people make and change them. */
export function createCategories({ db, clock }: { db: Db; clock: Clock }) {
  const within = <T>(ctx: CallContext, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)
  const record = (tx: Tx, ctx: CallContext, name: string, verb: string): Promise<void> => {
    const act = { actor: ctx.caller.id, requestId: ctx.requestId }
    const { projectId } = ctx
    return recordAudit(tx, clock, act, { projectId, action: `notify.categories.${verb}`, resource: name })
  }

  return {
    async create(ctx: CallContext, wanted: Category): Promise<CategoryRow> {
      if (wanted.name === '') throw invalid({ field: 'category.name', description: 'must not be empty' })
      const draft = requireDraft(toDraft(wanted))
      return await within(ctx, async (tx) => {
        const known = await listCategories(tx, ctx.projectId)
        if (known.length >= MAX_CATEGORIES) {
          throw invalid({
            field: 'category',
            description: `a project has at most ${MAX_CATEGORIES} categories`,
          })
        }
        const row = await insertCategory(tx, ctx.projectId, draft, clock.now())
        if (row === undefined) throw taken(wanted.name)
        await record(tx, ctx, row.category, 'create')
        return row
      })
    },

    async get(projectId: string, name: string): Promise<CategoryRow> {
      requireStorable('name', name)
      const row = await findCategory(db, projectId, name)
      if (row === undefined) throw noSuchCategory(name)
      return row
    },

    list: (projectId: string): Promise<CategoryRow[]> => listCategories(db, projectId),

    async update(
      ctx: CallContext,
      wanted: Category,
      paths: readonly string[] | undefined,
    ): Promise<CategoryRow> {
      const isNamed = readMask(paths, CHANGEABLE)
      return await within(ctx, async (tx) => {
        const row = await findCategory(tx, ctx.projectId, wanted.name, true)
        if (row === undefined) throw noSuchCategory(wanted.name)
        if (wanted.etag !== '' && wanted.etag !== etagOf(row)) throw changedMeanwhile()
        const changed = await updateCategory(
          tx,
          ctx.projectId,
          requireDraft(merge(row, toDraft(wanted), isNamed)),
          clock.now(),
        )
        await record(tx, ctx, row.category, 'update')
        return changed
      })
    },

    async remove(ctx: CallContext, name: string): Promise<void> {
      requireStorable('name', name)
      await within(ctx, async (tx) => {
        if (!(await deleteCategory(tx, ctx.projectId, name))) throw noSuchCategory(name)
        await record(tx, ctx, name, 'delete')
      })
    },
  }
}

export function etagOf({ revision }: { revision: number }): string {
  return `v${revision}`
}

function toDraft({ cap, ...wanted }: Category): CategoryDraft {
  return {
    category: wanted.name,
    display_name: wanted.displayName,
    description: wanted.description,
    mandatory: wanted.mandatory,
    off_channels: wanted.offChannels.toSorted((a, b) => a - b),
    quiet_hours: !wanted.ignoresQuietHours,
    day_cap: cap?.perDay ?? 0,
    week_cap: cap?.perWeek ?? 0,
  }
}

function merge(
  row: CategoryRow,
  wanted: CategoryDraft,
  isNamed: (path: (typeof CHANGEABLE)[number]) => boolean,
): CategoryDraft {
  const { display_name, description, mandatory, off_channels, quiet_hours, day_cap, week_cap } = wanted
  return {
    ...row,
    ...(isNamed('display_name') && { display_name }),
    ...(isNamed('description') && { description }),
    ...(isNamed('mandatory') && { mandatory }),
    ...(isNamed('off_channels') && { off_channels }),
    ...(isNamed('ignores_quiet_hours') && { quiet_hours }),
    ...(isNamed('cap') && { day_cap, week_cap }),
  }
}

function requireDraft(draft: CategoryDraft): CategoryDraft {
  requireStorable('category.displayName', draft.display_name)
  requireStorable('category.description', draft.description)
  if (draft.display_name.trim() === '') {
    throw invalid({ field: 'category.displayName', description: 'must not be empty: people read it' })
  }
  if (draft.mandatory && draft.off_channels.length > 0) {
    const description = 'must be empty: a mandatory category cannot be off'
    throw invalid({ field: 'category.offChannels', description })
  }
  return draft
}

function taken(name: string): Error {
  const message = `There is a category "${name}" already. Change it with UpdateCategory.`
  return appError(reasons, 'notify.category_exists', message, {
    violations: [{ field: 'category.name', description: 'is taken' }],
  })
}
