import type { Executor } from '@mainstay/kernel'
import { TEST_PROJECT } from './ledger.ts'

export interface TestCategory {
  mandatory?: boolean
  offChannels?: number[]
  quietHours?: boolean
  dayCap?: number
  weekCap?: number
}

/** A category as CreateCategory stores it; replaces one of the same name. */
export async function storeCategory(
  db: Executor,
  category: string,
  { mandatory = false, offChannels = [], quietHours = true, dayCap = 0, weekCap = 0 }: TestCategory = {},
): Promise<void> {
  await db.query({
    text: `INSERT INTO notify.categories (project_id, category, display_name, description, mandatory, off_channels, quiet_hours,
        day_cap, week_cap, revision, create_time, update_time)
      VALUES ($1, $2, initcap($2), '', $3, $4, $5, $6, $7, 1, now(), now())
      ON CONFLICT (project_id, category) DO UPDATE
      SET mandatory = excluded.mandatory, off_channels = excluded.off_channels, quiet_hours = excluded.quiet_hours,
        day_cap = excluded.day_cap, week_cap = excluded.week_cap`,
    values: [TEST_PROJECT, category, mandatory, offChannels, quietHours, dayCap, weekCap],
  })
}

/** Switches a recipient's preference; category '' and channel 0 mean all. */
export async function storePreference(
  db: Executor,
  recipientId: string,
  [category, channel, enabled]: readonly [category: string, channel: number, enabled: boolean],
  live = true,
): Promise<void> {
  await db.query({
    text: `INSERT INTO notify.preferences (project_id, live, recipient_id, category, channel, enabled, actor, source, update_time)
      VALUES ($1, $2, $3, $4, $5, $6, 'key_test', 1, now())
      ON CONFLICT (project_id, live, recipient_id, category, channel) DO UPDATE SET enabled = excluded.enabled`,
    values: [TEST_PROJECT, live, recipientId, category, channel, enabled],
  })
}

export interface TestWindow {
  /** Minutes after midnight. */
  start: number
  end: number
  /** 1 Monday … 7 Sunday; none: all. */
  days: number[]
}

export interface TestContactSettings {
  timezone?: string
  windows?: TestWindow[]
  exemptClasses?: number[]
  dayCap?: number
  weekCap?: number
}

/** A project's quiet hours and caps; replaces what was there. */
export async function storeContactSettings(
  db: Executor,
  { timezone = 'UTC', windows = [], exemptClasses = [], dayCap = 0, weekCap = 0 }: TestContactSettings,
): Promise<void> {
  await db.query({
    text: `INSERT INTO notify.contact_settings (project_id, timezone, quiet_windows, quiet_exempt_classes, day_cap, week_cap,
        update_time)
      VALUES ($1, $2, $3, $4, $5, $6, now())
      ON CONFLICT (project_id) DO UPDATE
      SET timezone = excluded.timezone, quiet_windows = excluded.quiet_windows,
        quiet_exempt_classes = excluded.quiet_exempt_classes, day_cap = excluded.day_cap, week_cap = excluded.week_cap`,
    values: [TEST_PROJECT, timezone, JSON.stringify(windows), exemptClasses, dayCap, weekCap],
  })
}
