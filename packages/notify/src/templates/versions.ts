import { type Act, recordAudit } from '@mainstay/access'
import type { Clock, Db, Executor, Tx } from '@mainstay/kernel'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { Compiler } from './compiler.ts'
import type { TemplateContent } from './content.ts'
import type { Use } from './prepared.ts'
import { problem, templateInvalid } from './problems.ts'
import { makePublication, type Publication } from './publication.ts'
import { findTemplate, findTemplates, insertVersion, lockTemplate, type TemplateRow } from './store.ts'
import { columnsOf, contentOf, emailColumnsOf, useOf } from './template-row.ts'

/** Who changes templates, and of which project. */
export interface TemplateAct extends Act {
  projectId: string
}

export interface VersionsDeps {
  db: Db
  clock: Clock
  compiler: Compiler
  /** Tells every process of a new version, once `tx` has committed. */
  announce(tx: Tx, projectId: string, name: string): Promise<void>
}

/**
 * Checks a template, makes what is sent from it, and stores it as the next version. Throws `notify.template_invalid`.
 *
 * It is compiled before the transaction, which only numbers and stores it.
 */
export async function addVersion(
  { db, clock, compiler, announce }: VersionsDeps,
  act: TemplateAct,
  name: string,
  content: TemplateContent,
  action: string,
  before?: (tx: Tx) => Promise<void>,
): Promise<TemplateRow> {
  const { projectId } = act
  const made = await makePublication(name, content, usesOf(act.tx ?? db, projectId), compiler)
  if (made.problems.length > 0) throw templateInvalid('The template cannot be published.', made.problems)
  return await within(db, act, async (tx) => {
    await lockTemplate(tx, projectId, name)
    await before?.(tx)
    requireSameUse(await findTemplate(tx, projectId, name, 0), content)
    await announce(tx, projectId, name)
    await recordAudit(tx, clock, act, { projectId, action, resource: name })
    return await insertVersion(tx, projectId, toRow(name, act.actor, clock.now(), made))
  })
}

export async function within<T>(db: Db, act: TemplateAct, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return act.tx === undefined ? await db.transaction(fn) : await fn(act.tx)
}

function toRow(
  name: string,
  actor: string,
  now: Date,
  { content, compiled, uses }: Publication,
): Omit<TemplateRow, 'version'> {
  return {
    name,
    ...columnsOf(content),
    ...emailColumnsOf(content, compiled),
    compiled: Object.keys(compiled).length === 0 ? null : compiled,
    uses: Object.fromEntries(uses.map((use) => [use.name, use.version])),
    actor,
    create_time: now,
  }
}

/** The newest layouts and partials of a project, by name. */
export function usesOf(executor: Executor, projectId: string): (names: readonly string[]) => Promise<Use[]> {
  return async (names) => {
    const rows = await findTemplates(
      executor,
      projectId,
      names.map((name) => ({ name, version: 0 })),
    )
    return rows.map(useOf).filter((use) => use.content.kind !== TemplateKind.MESSAGE)
  }
}

/** Messages that are under way name a template and count on its channel. */
export function requireSameUse(published: TemplateRow | undefined, content: TemplateContent): void {
  if (published === undefined) return
  const { channel, kind } = contentOf(published)
  const problems = []
  if (channel !== content.channel) {
    problems.push(problem('channel', `is ${channel} and cannot change: take another name`))
  }
  if (kind !== content.kind) problems.push(problem('kind', 'cannot change: take another name'))
  if (problems.length > 0) throw templateInvalid('A template stays what it is.', problems)
}
