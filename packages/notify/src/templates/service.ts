import { appError, type Bus, type Clock, type Db, type Page, type Tx } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { reasons } from '../errors.ts'
import type { EmailBody, Renderer } from '../rendering.ts'
import { type ParsedTemplate, parseTemplate, withText } from './engine.ts'
import { findTemplate, insertVersion, listTemplates, lockTemplate, type TemplateRow } from './store.ts'

export interface TemplatesDeps {
  db: Db
  bus: Pick<Bus, 'listen' | 'notify' | 'onReconnect'>
  clock: Clock
}

export interface Templates extends Renderer {
  /** Adds a version, in the caller's transaction when there is one. */
  create(projectId: string, name: string, email: EmailBody, tx?: Tx): Promise<TemplateRow>
  get(projectId: string, name: string, version: number): Promise<TemplateRow>
  list(
    projectId: string,
    after: string,
    limit: number,
  ): Promise<Omit<Page<TemplateRow>, 'nextPageToken'> & { more: boolean }>
  /** Listens for new versions made by other processes. */
  start(): Promise<void>
  stop(): void
}

/** Where a process says that a template has a new version. The payload is `project/name`. */
const CHANNEL = 'notify_templates'

/** Without word from the bus, a new version of another process is seen after this long at most. */
const NEWEST_TTL_MS = 1000

/** Keeps templates and fills them. A version never changes, so that a parsed one is kept for as long as there is room. */
export function createTemplates({ db, bus, clock }: TemplatesDeps): Templates {
  const parsed = new LRUCache<string, ParsedTemplate>({ max: 500 })
  const newest = new LRUCache<string, number>({ max: 5000, ttl: NEWEST_TTL_MS })
  const listening: (() => void)[] = []

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
    const known = version === 0 ? undefined : parsed.get(`${key}/${version}`)
    if (known !== undefined) return { version, template: known }
    const row = await get(projectId, name, version)
    const template = parseTemplate({ subject: row.subject, text: row.text_body, html: row.html_body })
    parsed.set(`${key}/${row.version}`, template)
    if (version === 0) newest.set(key, row.version)
    return { version: row.version, template }
  }

  return {
    get,
    async create(projectId, name, email, tx) {
      parseTemplate(email)
      const add = async (within: Tx) => {
        await lockTemplate(within, projectId, name)
        await bus.notify(within, CHANNEL, `${projectId}/${name}`)
        within.afterCommit(() => {
          newest.delete(`${projectId}/${name}`)
        })
        return await insertVersion(within, projectId, {
          name,
          subject: email.subject,
          text_body: email.text,
          html_body: email.html,
          create_time: clock.now(),
        })
      }
      return tx === undefined ? await db.transaction(add) : await add(tx)
    },
    async list(projectId, after, limit) {
      const rows = await listTemplates(db, projectId, after, limit + 1)
      return { rows: rows.slice(0, limit), more: rows.length > limit }
    },
    async check(projectId, { name, version: wanted }, data) {
      const { version, template } = await resolve(projectId, name, wanted)
      return { version, subject: template.render(data).subject }
    },
    async render(projectId, content) {
      if ('email' in content) return withText(content.email)
      const { template } = await resolve(projectId, content.template.name, content.template.version)
      return template.render(content.data)
    },
    async start() {
      listening.push(await bus.listen(CHANNEL, (key) => newest.delete(key)))
      listening.push(bus.onReconnect(() => newest.clear()))
    },
    stop() {
      for (const end of listening.splice(0)) end()
    },
  }
}
