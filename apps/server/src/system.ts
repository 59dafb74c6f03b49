import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import {
  appError,
  type DeadLetters,
  describeSettings,
  fromTypeId,
  type Health,
  type PageTokens,
  type Setting,
  toTypeId,
} from '@mainstay/kernel'
import { System } from '@mainstay/proto/system/v1'
import { type Implementation, implement } from '@mainstay/rpc'
import { readOverridden, type ServerSettings, settingsTables } from './config.ts'
import type { Engine } from './engine.ts'
import { reasons } from './errors.ts'
import type { Role } from './role.ts'

/** What the System service tells of this process. */
export interface SystemDeps {
  version: string
  role: Role
  settings: ServerSettings
  engine: Pick<Engine, 'version' | 'embedded'>
  health: Pick<Health, 'ready'>
  pageTokens: PageTokens
  deadLetters: DeadLetters
}

/** The running program as a service: version, health, settings, dead letters. */
export function implementSystem(deps: SystemDeps): Implementation {
  const startTime = timestampFromDate(new Date(performance.timeOrigin))
  const overridden = readOverridden()
  return implement(System, {
    async getSystem() {
      const { checks } = await deps.health.ready()
      return {
        version: deps.version,
        role: deps.role,
        startTime,
        databaseVersion: deps.engine.version,
        embeddedDatabase: deps.engine.embedded !== undefined,
        checks: Object.entries(checks).map(([name, { ok, problem }]) => ({
          name,
          ok,
          message: problem ?? '',
        })),
        residentMemoryBytes: BigInt(process.memoryUsage.rss()),
      }
    },

    listSettings() {
      const values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = deps.settings
      const settings = describeSettings(settingsTables).map((setting) => ({
        env: setting.env,
        capability: setting.capability,
        value: shownValue(setting, values[setting.capability]?.[setting.key]),
        defaultValue: setting.default === undefined ? '' : String(setting.default),
        overridden: overridden.has(setting.env),
        documentation: setting.doc,
      }))
      return { settings }
    },

    async listDeadLetters(request, ctx) {
      const scope = { method: ctx.method, projectId: '' }
      const position = deps.pageTokens.read(scope, request.pageToken)
      const limit = request.pageSize === 0 ? 50 : request.pageSize
      const before = position?.[0]
      const found = await deps.deadLetters.list({
        limit: limit + 1,
        ...(typeof before === 'string' ? { before } : {}),
      })
      const page = found.slice(0, limit)
      const last = page.at(-1)
      return {
        deadLetters: page.map((letter) => ({
          deadLetterId: toTypeId('dlq', letter.id),
          event: letter.name,
          consumerGroup: letter.group,
          error: letter.error,
          attemptCount: letter.attempts,
          createTime: timestampFromDate(letter.failTime),
        })),
        nextPageToken: found.length > limit && last ? deps.pageTokens.issue(scope, [last.id]) : '',
      }
    },

    async replayDeadLetter({ deadLetterId }) {
      const id = fromTypeId('dlq', deadLetterId)
      const replayed = id === undefined ? 0 : await deps.deadLetters.replay([id])
      if (replayed === 0) {
        const message = `There is no dead letter ${deadLetterId}: it was replayed already, or its consumer group is gone.`
        throw appError(reasons, 'system.dead_letter_not_found', message)
      }
      return {}
    },
  })
}

function shownValue(setting: Setting, value: unknown): string {
  if (value === undefined) return ''
  return setting.secret || setting.type === 'secret' ? '••••••' : String(value)
}
