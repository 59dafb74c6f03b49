import type { Executor } from '@mainstay/kernel'

/** What a project wants to know of what recipients do. */
export interface TrackingRow {
  trackOpens: boolean
  trackClicks: boolean
  /** Null: never changed. */
  updateTime: Date | null
}

const NOTHING: TrackingRow = { trackOpens: false, trackClicks: false, updateTime: null }

export async function findTracking(executor: Executor, projectId: string): Promise<TrackingRow> {
  return (await findTrackingOf(executor, [projectId])).get(projectId) ?? NOTHING
}

/** Of several projects; those that never decided anything are missing, and track nothing. */
export async function findTrackingOf(
  executor: Executor,
  projectIds: readonly string[],
): Promise<Map<string, TrackingRow>> {
  const { rows } = await executor.query<TrackingRow & { projectId: string }>({
    name: 'notify.tracking.settings',
    text: `SELECT project_id AS "projectId", track_opens AS "trackOpens", track_clicks AS "trackClicks",
        update_time AS "updateTime"
      FROM notify.tracking_settings WHERE project_id = ANY ($1::uuid[])`,
    values: [projectIds],
  })
  return new Map(rows.map(({ projectId, ...row }) => [projectId, row]))
}

/** Changes what is given and leaves the rest, in one statement. */
export async function updateTracking(
  executor: Executor,
  projectId: string,
  wanted: { trackOpens: boolean | undefined; trackClicks: boolean | undefined },
  now: Date,
): Promise<TrackingRow> {
  const { rows } = await executor.query<TrackingRow>({
    text: `INSERT INTO notify.tracking_settings AS t (project_id, track_opens, track_clicks, update_time)
      VALUES ($1, coalesce($2::boolean, false), coalesce($3::boolean, false), $4)
      ON CONFLICT (project_id) DO UPDATE SET track_opens = coalesce($2, t.track_opens),
        track_clicks = coalesce($3, t.track_clicks), update_time = $4
      RETURNING track_opens AS "trackOpens", track_clicks AS "trackClicks", update_time AS "updateTime"`,
    values: [projectId, wanted.trackOpens ?? null, wanted.trackClicks ?? null, now],
  })
  const [row] = rows
  if (row === undefined) throw new Error('The row of tracking settings is gone')
  return row
}
