import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { appError, type PageTokens, pageLimit } from '@mainstay/kernel'
import {
  CategorySchema,
  ContactSettingsSchema,
  type PreferenceSchema,
  Preferences,
  type RecipientPreferencesSchema,
} from '@mainstay/proto/notify/v1/preferences'
import { type CallContext, type Handlers, type Implementation, implement } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { createCategories, etagOf } from './categories.ts'
import type { CategoryRow } from './category-store.ts'
import { type ContactSettingsDeps, createContactSettings } from './contact-settings.ts'
import type { PreferenceLinks } from './links.ts'
import { type Decision, type Person, type PreferenceRow, pagePreferences } from './preference-store.ts'
import { invalid, readMode, requireStorable } from './refusals.ts'
import { type Act, type PreferencesService, SOURCES, type Wishes } from './service.ts'
import type { ContactSettingsRow } from './settings-store.ts'
import { readWindows, writeWindows } from './windows.ts'

export interface PreferencesApiDeps extends ContactSettingsDeps {
  preferences: PreferencesService
  pageTokens: PageTokens
  /** Undefined without a public address. */
  links: PreferenceLinks | undefined
}

/** The Preferences service: what people want, and when. */
export function implementPreferences(deps: PreferencesApiDeps): Implementation {
  const handlers: Handlers<typeof Preferences> = {
    ...categoryHandlers(deps),
    ...settingsHandlers(deps),
    ...preferenceHandlers(deps),
  }
  return implement(Preferences, handlers)
}

type PreferencesHandlers = Handlers<typeof Preferences>

function categoryHandlers(
  deps: PreferencesApiDeps,
): Pick<
  PreferencesHandlers,
  'createCategory' | 'getCategory' | 'listCategories' | 'updateCategory' | 'deleteCategory'
> {
  const categories = createCategories(deps)
  return {
    createCategory: async ({ category = create(CategorySchema) }, ctx) =>
      toCategory(await categories.create(ctx, category)),
    getCategory: async ({ name }, { projectId }) => toCategory(await categories.get(projectId, name)),
    listCategories: async (_, { projectId }) => ({
      categories: (await categories.list(projectId)).map(toCategory),
    }),
    updateCategory: async ({ category = create(CategorySchema), updateMask }, ctx) =>
      toCategory(await categories.update(ctx, category, updateMask?.paths)),
    async deleteCategory({ name }, ctx) {
      await categories.remove(ctx, name)
      return {}
    },
  }
}

function settingsHandlers(
  deps: PreferencesApiDeps,
): Pick<PreferencesHandlers, 'getContactSettings' | 'updateContactSettings'> {
  const settings = createContactSettings(deps)
  return {
    getContactSettings: async (_, { projectId }) => toSettings(await settings.find(projectId)),
    updateContactSettings: async ({ contactSettings = create(ContactSettingsSchema), updateMask }, ctx) =>
      toSettings(await settings.update(ctx, contactSettings, updateMask?.paths)),
  }
}

function preferenceHandlers({
  db,
  preferences,
  pageTokens,
  links,
}: PreferencesApiDeps): Pick<
  PreferencesHandlers,
  | 'getPreferences'
  | 'updatePreferences'
  | 'batchUpdatePreferences'
  | 'listPreferences'
  | 'createPreferenceLink'
> {
  return {
    async getPreferences({ recipientId, live }, ctx) {
      requireStorable('recipientId', recipientId)
      const person = { projectId: ctx.projectId, live: live ?? !ctx.caller.testMode, recipientId }
      return toWishes(person, await preferences.read(person))
    },

    async updatePreferences(request, ctx) {
      const { recipientId, changes, clearQuietHours } = request
      const person = { projectId: ctx.projectId, live: readMode(ctx, request.live), recipientId }
      if (clearQuietHours && request.quietHours !== undefined) {
        const description = 'must be unset with clearQuietHours'
        throw invalid({ field: 'quietHours', description })
      }
      const read = request.quietHours && readWindows(request.quietHours.windows, 'quietHours.windows')
      if (read !== undefined && 'violation' in read) throw invalid(read.violation)
      const decisions = changes.map(({ category, channel, enabled }) => ({
        ...{ category, channel },
        enabled: enabled ?? null,
      }))
      const quietHours = clearQuietHours ? null : read?.windows
      return toWishes(person, await preferences.update(person, { decisions, quietHours }, toAct(ctx)))
    },

    async batchUpdatePreferences(request, ctx) {
      const space = { projectId: ctx.projectId, live: readMode(ctx, request.live) }
      const decisions = request.preferences.map(
        ({ recipientId, category, channel, enabled }): Decision & { recipientId: string } => ({
          ...{ recipientId, category, channel, enabled },
        }),
      )
      await preferences.updateMany(space, decisions, toAct(ctx))
      return { storedCount: decisions.length }
    },

    async listPreferences(request, { method, projectId, caller }) {
      requireStorable('category', request.category)
      const { category, enabled = null, live = !caller.testMode } = request
      const filter = { category, enabled, live }
      const scope = { method, projectId, filter }
      const after = pageTokens.read(scope, request.pageToken) as [string, string, number] | undefined
      const limit = pageLimit(request.pageSize)
      const found = await pagePreferences(db, projectId, filter, after, limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [
        last.recipient_id,
        last.category,
        last.channel,
      ])
      return { preferences: rows.map(toPreference), nextPageToken }
    },

    async createPreferenceLink({ recipientId, live }, ctx) {
      requireStorable('recipientId', recipientId)
      if (links === undefined) {
        throw appError(
          reasons,
          'notify.no_public_url',
          'This installation does not know the address at which people reach it. Set MAINSTAY_PUBLIC_URL.',
        )
      }
      const person = { projectId: ctx.projectId, live: readMode(ctx, live), recipientId }
      return { url: links.page({ ...person, category: null, messageId: null }) }
    },
  }
}

function toAct({ caller, requestId, tx }: CallContext): Act {
  return { actor: caller.id, source: SOURCES.api, requestId, tx }
}

function toCategory(row: CategoryRow): MessageInitShape<typeof CategorySchema> {
  return {
    name: row.category,
    displayName: row.display_name,
    description: row.description,
    mandatory: row.mandatory,
    offChannels: row.off_channels,
    ...toCap(row),
    ignoresQuietHours: !row.quiet_hours,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
    etag: etagOf(row),
  }
}

function toCap({ day_cap: perDay, week_cap: perWeek }: Pick<CategoryRow, 'day_cap' | 'week_cap'>) {
  return perDay > 0 || perWeek > 0 ? { cap: { perDay, perWeek } } : {}
}

function toSettings(row: ContactSettingsRow | undefined): MessageInitShape<typeof ContactSettingsSchema> {
  if (row === undefined) return { timezone: 'UTC', etag: etagOf({ revision: 0 }) }
  return {
    timezone: row.timezone,
    quietHours: writeWindows(row.quiet_windows),
    quietExemptClasses: row.quiet_exempt_classes,
    ...toCap(row),
    updateTime: timestampFromDate(row.update_time),
    etag: etagOf(row),
  }
}

function toWishes(
  { recipientId, live }: Person,
  { categories, decisions, quietHours }: Wishes,
): MessageInitShape<typeof RecipientPreferencesSchema> {
  return {
    recipientId,
    live,
    categories: categories.map(({ category, channels }) => ({
      category: category.category,
      displayName: category.display_name,
      description: category.description,
      mandatory: category.mandatory,
      channels: channels.map(({ channel, enabled, decision }) => ({
        ...{ channel, enabled },
        ...(decision && { decision: toPreference(decision) }),
      })),
    })),
    decisions: decisions.map(toPreference),
    unsubscribed: decisions.some((one) => one.category === '' && one.channel === 0 && !one.enabled),
    ...(quietHours && { quietHours: { windows: writeWindows(quietHours) } }),
  }
}

function toPreference(row: PreferenceRow): MessageInitShape<typeof PreferenceSchema> {
  return {
    recipientId: row.recipient_id,
    category: row.category,
    channel: row.channel,
    enabled: row.enabled,
    source: row.source,
    actor: row.actor,
    updateTime: timestampFromDate(row.update_time),
    live: row.live,
  }
}
