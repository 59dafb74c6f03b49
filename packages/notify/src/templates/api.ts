import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type PageTokens, pageLimit } from '@mainstay/kernel'
import type { Notify, TemplateSchema } from '@mainstay/proto/notify/v1'
import type { Handlers } from '@mainstay/rpc'
import type { Templates } from './service.ts'
import type { TemplateRow } from './store.ts'

/** The template methods of the contract. */
export function templateHandlers(
  templates: Templates,
  pageTokens: PageTokens,
): Pick<Handlers<typeof Notify>, 'createTemplate' | 'getTemplate' | 'listTemplates'> {
  return {
    async createTemplate({ template }, { projectId, tx }) {
      const { subject = '', text = '', html = '' } = template?.email ?? {}
      return toTemplate(await templates.create(projectId, template?.name ?? '', { subject, text, html }, tx))
    },
    async getTemplate({ name, version }, { projectId }) {
      return toTemplate(await templates.get(projectId, name, version))
    },
    async listTemplates({ pageSize, pageToken }, { projectId, method }) {
      const scope = { method, projectId }
      const [after] = pageTokens.read(scope, pageToken) ?? ['']
      const { rows, more } = await templates.list(projectId, String(after), pageLimit(pageSize))
      return {
        templates: rows.map(toTemplate),
        nextPageToken: more ? pageTokens.issue(scope, [rows.at(-1)?.name ?? '']) : '',
      }
    },
  }
}

function toTemplate(row: TemplateRow): MessageInitShape<typeof TemplateSchema> {
  return {
    name: row.name,
    version: row.version,
    email: { subject: row.subject, text: row.text_body, html: row.html_body },
    createTime: timestampFromDate(row.create_time),
  }
}
