import type { Executor, Tx } from '@mainstay/kernel'
import type { QuietWindow } from './windows.ts'

/** A decision of a person, as it is stored. */
export interface PreferenceRow {
  recipient_id: string
  live: boolean
  /** Empty: all. */
  category: string
  /** Of the contract's Channel; 0: all. */
  channel: number
  enabled: boolean
  actor: string
  /** Of the contract's PreferenceSource. */
  source: number
  update_time: Date
}

/** Whose preferences: a recipient's for live or for test messages. */
export interface Person {
  projectId: string
  live: boolean
  recipientId: string
}

/** `enabled` null: the decision is forgotten. */
export interface Decision {
  category: string
  channel: number
  enabled: boolean | null
}

const COLUMNS = 'recipient_id, live, category, channel, enabled, actor, source, update_time'

export async function listDecisions(executor: Executor, person: Person): Promise<PreferenceRow[]> {
  const { rows } = await executor.query<PreferenceRow>({
    name: 'notify.preferences.of',
    text: `SELECT ${COLUMNS} FROM notify.preferences
      WHERE project_id = $1 AND live = $2 AND recipient_id = $3 ORDER BY category, channel`,
    values: [person.projectId, person.live, person.recipientId],
  })
  return rows
}

/**
 * Stores decisions of one person in their order. A decision takes the place of those that it covers: of a category for each
 * channel, or of everything. What is stored already as it is said now stays, with who said it first.
 *
 * @returns false when all of it was said before.
 */
export async function storeDecisions(
  tx: Tx,
  { projectId, live, recipientId }: Person,
  decisions: readonly Decision[],
  by: { actor: string; source: number },
  now: Date,
): Promise<boolean> {
  let changed = 0
  for (const { category, channel, enabled } of decisions) {
    const covered = await tx.query({
      name: 'notify.preferences.cover',
      text: `DELETE FROM notify.preferences
        WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND $4 IN ('', category) AND $5::int2 IN (0, channel)
          AND ($6 OR category <> $4 OR channel <> $5)`,
      values: [projectId, live, recipientId, category, channel, enabled === null],
    })
    changed += covered.rowCount
    if (enabled === null) continue
    const stored = await tx.query({
      name: 'notify.preferences.store',
      text: `INSERT INTO notify.preferences AS p
          (project_id, live, recipient_id, category, channel, enabled, actor, source, update_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (project_id, live, recipient_id, category, channel) DO UPDATE
        SET enabled = excluded.enabled, actor = excluded.actor, source = excluded.source, update_time = excluded.update_time
        WHERE p.enabled <> excluded.enabled`,
      values: [projectId, live, recipientId, category, channel, enabled, by.actor, by.source, now],
    })
    changed += stored.rowCount
  }
  return changed > 0
}

/** Makes two changes of one person come one after the other, however few rows they have in common. */
export async function lockPerson(tx: Tx, { projectId, live, recipientId }: Person): Promise<void> {
  await tx.query({
    text: `SELECT pg_advisory_xact_lock(hashtextextended($1 || $2 || $3, 7130))`,
    values: [projectId, String(live), recipientId],
  })
}

export interface PreferenceFilter {
  live: boolean
  /** Empty: any. */
  category: string
  /** Null: both. */
  enabled: boolean | null
}

export async function pagePreferences(
  executor: Executor,
  projectId: string,
  { live, category, enabled }: PreferenceFilter,
  after: readonly [recipientId: string, category: string, channel: number] | undefined,
  limit: number,
): Promise<PreferenceRow[]> {
  const [recipientId, afterCategory, channel] = after ?? ['', '', -1]
  const { rows } = await executor.query<PreferenceRow>({
    text: `SELECT ${COLUMNS} FROM notify.preferences
      WHERE project_id = $1 AND live = $2 AND (recipient_id, category, channel) > ($3 COLLATE "C", $4 COLLATE "C", $5::int2)
        AND ($6 = '' OR category = $6) AND ($7::bool IS NULL OR enabled = $7)
      ORDER BY recipient_id, category, channel LIMIT $8`,
    values: [projectId, live, recipientId, afterCategory, channel, category, enabled, limit],
  })
  return rows
}

/** Undefined: the project's hold. */
export async function findOwnQuietHours(
  executor: Executor,
  person: Person,
): Promise<QuietWindow[] | undefined> {
  const { rows } = await executor.query<{ windows: QuietWindow[] }>({
    text: `SELECT windows FROM notify.recipient_quiet_hours
      WHERE project_id = $1 AND live = $2 AND recipient_id = $3`,
    values: [person.projectId, person.live, person.recipientId],
  })
  return rows[0]?.windows
}

/** Undefined windows: they are forgotten. The project's settings are there from then on, by which admitting asks at all. */
export async function storeOwnQuietHours(
  tx: Tx,
  { projectId, live, recipientId }: Person,
  windows: readonly QuietWindow[] | undefined,
  actor: string,
  now: Date,
): Promise<void> {
  if (windows === undefined) {
    await tx.query({
      text: 'DELETE FROM notify.recipient_quiet_hours WHERE project_id = $1 AND live = $2 AND recipient_id = $3',
      values: [projectId, live, recipientId],
    })
    return
  }
  await tx.query({
    text: `INSERT INTO notify.contact_settings (project_id, update_time) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    values: [projectId, now],
  })
  await tx.query({
    text: `INSERT INTO notify.recipient_quiet_hours (project_id, live, recipient_id, windows, actor, update_time)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (project_id, live, recipient_id) DO UPDATE
      SET windows = excluded.windows, actor = excluded.actor, update_time = excluded.update_time`,
    values: [projectId, live, recipientId, JSON.stringify(windows), actor, now],
  })
}
