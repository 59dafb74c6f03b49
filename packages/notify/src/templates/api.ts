import type { MessageInitShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type PageTokens, pageLimit } from '@mainstay/kernel'
import {
  type Notify,
  type RenderTemplateRequest,
  type RenderTemplateResponseSchema,
  TemplateSchema,
} from '@mainstay/proto/notify/v1'
import type { CallContext, Handlers } from '@mainstay/rpc'
import { channelNumber } from '../providers/outgoing.ts'
import type { Templates } from './service.ts'
import type { TemplateRow, VersionRow } from './store.ts'
import { inCallersWords, readTemplate, toDraft, toTemplate } from './template-message.ts'
import { contentOf } from './template-row.ts'
import type { TemplateAct } from './versions.ts'

type TemplateMethod =
  | 'createTemplate'
  | 'getTemplate'
  | 'listTemplates'
  | 'updateTemplateDraft'
  | 'getTemplateDraft'
  | 'deleteTemplateDraft'
  | 'publishTemplate'
  | 'listTemplateVersions'
  | 'renderTemplate'

/** The template methods of the contract. */
export function templateHandlers(
  templates: Templates,
  pageTokens: PageTokens,
): Pick<Handlers<typeof Notify>, TemplateMethod> {
  const { drafts } = templates
  return {
    async createTemplate({ template = create(TemplateSchema) }, ctx) {
      return await inCallersWords(template, async () =>
        toTemplate(await templates.create(toAct(ctx), template.name, readTemplate(template))),
      )
    },
    async getTemplate({ name, version }, { projectId }) {
      return toTemplate(await templates.get(projectId, name, version))
    },
    async listTemplates({ pageSize, pageToken, includeDrafts }, { projectId, method }) {
      const scope = { method, projectId, filter: { includeDrafts } }
      const [after] = pageTokens.read(scope, pageToken) ?? ['']
      const { listed, next } = await templates.list(
        projectId,
        String(after),
        pageLimit(pageSize),
        includeDrafts,
      )
      return {
        templates: listed.flatMap(({ row, draft }) => {
          if (row !== undefined) return [toTemplate(row, draft !== undefined)]
          return draft === undefined ? [] : [toDraft(draft, 0).template ?? {}]
        }),
        nextPageToken: next === undefined ? '' : pageTokens.issue(scope, [next]),
      }
    },
    async updateTemplateDraft({ template = create(TemplateSchema), etag }, ctx) {
      const { row, version } = await inCallersWords(template, () =>
        drafts.save(toAct(ctx), template.name, readTemplate(template), etag),
      )
      return toDraft(row, version)
    },
    async getTemplateDraft({ name }, { projectId }) {
      const { row, version } = await drafts.get(projectId, name)
      return toDraft(row, version)
    },
    async deleteTemplateDraft({ name }, ctx) {
      await drafts.discard(toAct(ctx), name)
      return {}
    },
    async publishTemplate({ name, etag }, ctx) {
      return toTemplate(await drafts.publish(toAct(ctx), name, etag))
    },
    async listTemplateVersions({ name, pageSize, pageToken }, { projectId, method }) {
      const scope = { method, projectId, filter: { name } }
      const [before] = pageTokens.read(scope, pageToken) ?? [MAX_VERSION]
      const { rows, more } = await templates.versions(projectId, name, Number(before), pageLimit(pageSize))
      return {
        versions: rows.map(toVersion),
        nextPageToken: more ? pageTokens.issue(scope, [rows.at(-1)?.version ?? 0]) : '',
      }
    },
    renderTemplate: (request, { projectId }) => render(templates, projectId, request),
  }
}

const MAX_VERSION = 2_147_483_647

async function render(
  templates: Templates,
  projectId: string,
  { source, data = {}, locale }: RenderTemplateRequest,
): Promise<MessageInitShape<typeof RenderTemplateResponseSchema>> {
  const template =
    source.case === 'draft'
      ? { name: source.value.name, content: readTemplate(source.value) }
      : named(await templates.get(projectId, source.value?.name ?? '', source.value?.version ?? 0))
  const { filled, sms, ...rest } = await templates.preview(projectId, template, data, locale)
  return {
    ...rest,
    channel: channelNumber(template.content.channel),
    ...(filled === undefined
      ? {}
      : { parts: { ...filled, whatsappParameters: [...filled.whatsappParameters] } }),
    ...(sms === undefined ? {} : { sms: { ...sms, encoding: sms.encoding === 'gsm7' ? 'GSM-7' : 'UCS-2' } }),
  }
}

function named(row: TemplateRow) {
  return { name: row.name, content: contentOf(row) }
}

function toVersion({ version, create_time, actor, locales, uses }: VersionRow) {
  return { version, createTime: timestampFromDate(create_time), actor, locales, uses }
}

function toAct({ caller, requestId, tx, projectId }: CallContext): TemplateAct {
  return { actor: caller.id, requestId, tx, projectId }
}
