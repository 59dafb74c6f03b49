import { recordAudit } from '@mainstay/access'
import { type AppError, appError, type Tx } from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { TemplateContent } from './content.ts'
import { type DraftRow, deleteDraft, findDraft, saveDraft } from './draft-store.ts'
import { findTemplate, lockTemplate, type TemplateRow } from './store.ts'
import { etagOf } from './template-message.ts'
import { columnsOf, contentOf } from './template-row.ts'
import { addVersion, requireSameUse, type TemplateAct, type VersionsDeps, within } from './versions.ts'

/** A draft with the number of the newest published version, 0 where there is none. */
export interface Draft {
  row: DraftRow
  version: number
}

export interface Drafts {
  /** Replaces the draft, right or wrong; its channel and kind must be the published template's. */
  save(act: TemplateAct, name: string, content: TemplateContent, etag: string): Promise<Draft>
  get(projectId: string, name: string): Promise<Draft>
  discard(act: TemplateAct, name: string): Promise<void>
  /**
   * Makes the draft the next version; without one, the newest version is made again, with the layouts and partials of today.
   * With an `etag`, only that draft.
   */
  publish(act: TemplateAct, name: string, etag: string): Promise<TemplateRow>
}

export function createDrafts(deps: VersionsDeps): Drafts {
  const { db, clock } = deps
  const record = (tx: Tx, act: TemplateAct, name: string, verb: string): Promise<void> =>
    recordAudit(tx, clock, act, {
      projectId: act.projectId,
      action: `notify.templates.${verb}`,
      resource: name,
    })

  return {
    async save(act, name, content, etag) {
      return await within(db, act, async (tx) => {
        await lockTemplate(tx, act.projectId, name)
        const published = await findTemplate(tx, act.projectId, name, 0)
        if (etag !== '') requireEtag(await findDraft(tx, act.projectId, name), etag)
        requireSameUse(published, content)
        const draft = { name, update_time: clock.now(), ...columnsOf(content) }
        const row = await saveDraft(tx, act.projectId, draft)
        await record(tx, act, name, 'update')
        return { row, version: published?.version ?? 0 }
      })
    },

    async get(projectId, name) {
      const [row, published] = await Promise.all([
        findDraft(db, projectId, name),
        findTemplate(db, projectId, name, 0),
      ])
      if (row === undefined) throw noDraft(name)
      return { row, version: published?.version ?? 0 }
    },

    async discard(act, name) {
      await within(db, act, async (tx) => {
        if (!(await deleteDraft(tx, act.projectId, name))) throw noDraft(name)
        await record(tx, act, name, 'discard')
      })
    },

    async publish(act, name, etag) {
      const executor = act.tx ?? db
      const draft = await findDraft(executor, act.projectId, name)
      if (etag !== '') requireEtag(draft, etag)
      const source = draft ?? (await findTemplate(executor, act.projectId, name, 0))
      if (source === undefined) throw noDraft(name)
      return await addVersion(deps, act, name, contentOf(source), 'notify.templates.publish', async (tx) => {
        const now = await findDraft(tx, act.projectId, name)
        // Compiling took a while: what was checked is what is published.
        if (now?.revision !== draft?.revision) throw changed()
        await deleteDraft(tx, act.projectId, name)
      })
    },
  }
}

function requireEtag(draft: DraftRow | undefined, etag: string): void {
  if (draft === undefined || etagOf(draft) !== etag) throw changed()
}

function changed(): AppError {
  const message = 'The draft was changed since you read it. Read it again and repeat your change.'
  return appError(reasons, 'notify.etag_mismatch', message)
}

function noDraft(name: string): AppError {
  const message = `There is no draft of a template "${name}". Store one with UpdateTemplateDraft.`
  return appError(reasons, 'notify.template_draft_not_found', message)
}
