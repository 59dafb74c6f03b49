import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { recordAudit } from '@mainstay/access'
import { appError, type Clock, type Db, type Tx } from '@mainstay/kernel'
import { Tracking, type TrackingSettingsSchema } from '@mainstay/proto/notify/v1/tracking'
import { type Handlers, type Implementation, implement } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { requireMode } from '../test-mode.ts'
import { findTracking, type TrackingRow, updateTracking } from './settings-store.ts'

export interface TrackingApiDeps {
  db: Db
  clock: Clock
}

/** The Tracking service: what a project wants to know of what recipients do. */
export function implementTracking({ db, clock }: TrackingApiDeps): Implementation {
  const handlers: Handlers<typeof Tracking> = {
    async getTrackingSettings(_, { projectId }) {
      return toSettings(await findTracking(db, projectId))
    },
    async updateTrackingSettings({ trackingSettings, updateMask }, ctx) {
      requireMode(ctx.caller, true, 'What is tracked holds for live messages as well: use a live key.')
      const paths = updateMask?.paths ?? ['*']
      requireKnown(paths)
      const wanted = (path: string, value: boolean | undefined) =>
        paths.includes('*') || paths.includes(path) ? (value ?? false) : undefined
      const change = async (tx: Tx): Promise<TrackingRow> => {
        const row = await updateTracking(
          tx,
          ctx.projectId,
          {
            trackOpens: wanted('track_opens', trackingSettings?.trackOpens),
            trackClicks: wanted('track_clicks', trackingSettings?.trackClicks),
          },
          clock.now(),
        )
        const act = { actor: ctx.caller.id, requestId: ctx.requestId, tx }
        await recordAudit(tx, clock, act, {
          projectId: ctx.projectId,
          action: 'notify.tracking_settings.update',
          resource: 'tracking-settings',
        })
        return row
      }
      return toSettings(await (ctx.tx === undefined ? db.transaction(change) : change(ctx.tx)))
    },
  }
  return implement(Tracking, handlers)
}

const CHANGEABLE: ReadonlySet<string> = new Set(['track_opens', 'track_clicks', '*'])

function requireKnown(paths: readonly string[]): void {
  const unknown = paths.find((path) => !CHANGEABLE.has(path))
  if (unknown === undefined) return
  const description = `\`${unknown}\` is no field that can be changed`
  throw appError(
    reasons,
    'notify.request_invalid',
    `The settings were not changed: updateMask ${description}.`,
    {
      violations: [{ field: 'updateMask', description }],
    },
  )
}

function toSettings(row: TrackingRow): MessageInitShape<typeof TrackingSettingsSchema> {
  const { trackOpens, trackClicks, updateTime } = row
  return { trackOpens, trackClicks, ...(updateTime && { updateTime: timestampFromDate(updateTime) }) }
}
