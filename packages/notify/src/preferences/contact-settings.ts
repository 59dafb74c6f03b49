import { recordAudit } from '@mainstay/access'
import type { Clock, Db, Tx } from '@mainstay/kernel'
import type { ContactSettings } from '@mainstay/proto/notify/v1/preferences'
import type { CallContext } from '@mainstay/rpc'
import type { Timezones } from '../recipients/timezones.ts'
import { requireMode } from '../test-mode.ts'
import { etagOf } from './categories.ts'
import { changedMeanwhile, invalid, readMask } from './refusals.ts'
import {
  type ContactSettingsDraft,
  type ContactSettingsRow,
  findContactSettings,
  lockContactSettings,
  updateContactSettings,
} from './settings-store.ts'
import { readWindows } from './windows.ts'

const CHANGEABLE = ['timezone', 'quiet_hours', 'quiet_exempt_classes', 'cap'] as const

export interface ContactSettingsDeps {
  db: Db
  clock: Clock
  timezones: Timezones
}

/** A project's quiet hours, and its caps over all categories. */
export function createContactSettings({ db, clock, timezones }: ContactSettingsDeps) {
  async function toDraft({ cap, ...wanted }: ContactSettings): Promise<ContactSettingsDraft> {
    const timezone = wanted.timezone === '' ? 'UTC' : await timezones.find(wanted.timezone)
    if (timezone === undefined) {
      const description = 'is not a time zone of the IANA database, such as Europe/Berlin'
      throw invalid({ field: 'contactSettings.timezone', description })
    }
    const read = readWindows(wanted.quietHours, 'contactSettings.quietHours')
    if ('violation' in read) throw invalid(read.violation)
    return {
      timezone,
      quiet_windows: read.windows,
      quiet_exempt_classes: wanted.quietExemptClasses.toSorted((a, b) => a - b),
      day_cap: cap?.perDay ?? 0,
      week_cap: cap?.perWeek ?? 0,
    }
  }

  return {
    find: (projectId: string): Promise<ContactSettingsRow | undefined> => findContactSettings(db, projectId),

    async update(
      ctx: CallContext,
      wanted: ContactSettings,
      paths: readonly string[] | undefined,
    ): Promise<ContactSettingsRow> {
      requireMode(ctx.caller, true, 'Quiet hours and caps hold for live messages as well: use a live key.')
      const isNamed = readMask(paths, CHANGEABLE)
      const draft = await toDraft(wanted)
      const { projectId, caller, requestId } = ctx
      const change = async (tx: Tx): Promise<ContactSettingsRow> => {
        const row = await lockContactSettings(tx, projectId, clock.now())
        if (wanted.etag !== '' && wanted.etag !== etagOf(row)) throw changedMeanwhile()
        const { timezone, quiet_windows, quiet_exempt_classes, day_cap, week_cap } = draft
        const changed = await updateContactSettings(
          tx,
          projectId,
          {
            ...row,
            ...(isNamed('timezone') && { timezone }),
            ...(isNamed('quiet_hours') && { quiet_windows }),
            ...(isNamed('quiet_exempt_classes') && { quiet_exempt_classes }),
            ...(isNamed('cap') && { day_cap, week_cap }),
          },
          clock.now(),
        )
        await recordAudit(
          tx,
          clock,
          { actor: caller.id, requestId },
          {
            projectId,
            action: 'notify.contact_settings.update',
            resource: 'contact-settings',
          },
        )
        return changed
      }
      return await (ctx.tx === undefined ? db.transaction(change) : change(ctx.tx))
    },
  }
}
