import { appError, type Bus, type Clock, type Db, type Tx } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { reasons } from '../errors.ts'
import { type Renderer, subjectOf } from '../rendering.ts'
import { type Compiler, createCompiler } from './compiler.ts'
import type { TemplateContent } from './content.ts'
import { type DraftRow, findDrafts, listNames } from './draft-store.ts'
import { createDrafts, type Drafts } from './drafts.ts'
import { withText } from './plain-text.ts'
import { type PreparedTemplate, prepareTemplate } from './prepared.ts'
import { type Preview, previewContent } from './preview.ts'
import { findTemplate, findTemplates, listVersions, type TemplateRow, type VersionRow } from './store.ts'
import { contentOf, useOf } from './template-row.ts'
import { addVersion, type TemplateAct, usesOf } from './versions.ts'

export interface TemplatesDeps {
  db: Db
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect'>
  clock: Clock
  compiler?: Compiler
}

export interface Templates extends Renderer {
  drafts: Drafts
  /** Publishes a version at once, in the act's transaction when there is one. */
  create(act: TemplateAct, name: string, content: TemplateContent): Promise<TemplateRow>
  get(projectId: string, name: string, version: number): Promise<TemplateRow>
  /** By name: each with its newest version, its draft, or both. */
  list(
    projectId: string,
    after: string,
    limit: number,
    withDrafts: boolean,
  ): Promise<{
    listed: { row: TemplateRow | undefined; draft: DraftRow | undefined }[]
    next: string | undefined
  }>
  versions(
    projectId: string,
    name: string,
    before: number,
    limit: number,
  ): Promise<{ rows: VersionRow[]; more: boolean }>
  /** Fills a template that need not be stored; what is wrong is a part of the answer. */
  preview(
    projectId: string,
    template: { name: string; content: TemplateContent },
    data: Record<string, unknown>,
    locale: string,
  ): Promise<Preview>
  /** Listens for new versions made by other processes. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Where a process says that a template has a new version. The payload is `project/name`. */
const CHANNEL = 'notify_templates'

/** Without word from the bus, a new version of another process is seen after this long at most. */
const NEWEST_TTL_MS = 1000

/** Keeps templates and fills them. A version never changes, so that a read one is kept for as long as there is room. */
export function createTemplates({ db, bus, clock, compiler = createCompiler() }: TemplatesDeps): Templates {
  const prepared = new LRUCache<string, PreparedTemplate>({ max: 500 })
  const newest = new LRUCache<string, number>({ max: 5000, ttl: NEWEST_TTL_MS })
  const listening: (() => void)[] = []
  const versions = { db, clock, compiler, announce }

  async function announce(tx: Tx, projectId: string, name: string): Promise<void> {
    await bus.notify(tx, CHANNEL, `${projectId}/${name}`)
    tx.afterCommit(() => {
      newest.delete(`${projectId}/${name}`)
    })
  }

  async function get(projectId: string, name: string, version: number): Promise<TemplateRow> {
    const row = await findTemplate(db, projectId, name, version)
    if (row !== undefined) return row
    const message =
      version === 0
        ? `There is no template "${name}". Create it with CreateTemplate.`
        : `There is no version ${version} of a template "${name}".`
    throw appError(reasons, 'notify.template_not_found', message)
  }

  async function resolve(projectId: string, name: string, wanted: number) {
    const key = `${projectId}/${name}`
    const version = wanted || newest.get(key) || 0
    const known = version === 0 ? undefined : prepared.get(`${key}/${version}`)
    if (known !== undefined) return { version, template: known }
    const row = await get(projectId, name, version)
    const template = await prepare(projectId, row)
    prepared.set(`${key}/${row.version}`, template)
    if (version === 0) newest.set(key, row.version)
    return { version: row.version, template }
  }

  async function prepare(projectId: string, row: TemplateRow): Promise<PreparedTemplate> {
    const wanted = Object.entries(row.uses).map(([name, version]) => ({ name, version }))
    const uses = await findTemplates(db, projectId, wanted)
    return prepareTemplate(contentOf(row), row.compiled ?? {}, uses.map(useOf))
  }

  return {
    get,
    drafts: createDrafts(versions),
    create: (act, name, content) => addVersion(versions, act, name, content, 'notify.templates.create'),
    async list(projectId, after, limit, withDrafts) {
      const names = await listNames(db, projectId, after, limit + 1)
      const page = names.slice(0, limit)
      const [rows, drafts] = await Promise.all([
        findTemplates(
          db,
          projectId,
          page.map((name) => ({ name, version: 0 })),
        ),
        findDrafts(db, projectId, page),
      ])
      const row = new Map(rows.map((one) => [one.name, one]))
      const draft = new Map(drafts.map((one) => [one.name, one]))
      const listed = page.map((name) => ({ row: row.get(name), draft: draft.get(name) }))
      const next = names.length > limit ? page.at(-1) : undefined
      return { listed: withDrafts ? listed : listed.filter((one) => one.row !== undefined), next }
    },
    async versions(projectId, name, before, limit) {
      const rows = await listVersions(db, projectId, name, before, limit + 1)
      if (rows.length === 0) await get(projectId, name, 0)
      return { rows: rows.slice(0, limit), more: rows.length > limit }
    },
    preview: (projectId, { name, content }, data, locale) =>
      previewContent(name, content, { data, locale }, usesOf(db, projectId), compiler),
    async find(projectId, { name, version: wanted }) {
      const { version, template } = await resolve(projectId, name, wanted)
      return { version, channel: template.channel }
    },
    async check(projectId, { name, version: wanted, locale = '' }, data) {
      const { version, template } = await resolve(projectId, name, wanted)
      return { version, subject: subjectOf(template.variant(locale).render(data)) }
    },
    async render(projectId, content) {
      if (!('template' in content)) return 'email' in content ? { email: withText(content.email) } : content
      const { name, version, locale = '' } = content.template
      const { template } = await resolve(projectId, name, version)
      return template.variant(locale).render(content.data)
    },
    async start() {
      listening.push(await bus.listen(CHANNEL, (key) => newest.delete(key)))
      listening.push(bus.onReconnect(() => newest.clear()))
    },
    async stop() {
      for (const end of listening.splice(0)) end()
      await compiler.close()
    },
  }
}
