import type { Tx } from '@mainstay/kernel'
import { MAX_ITEM_CHARACTERS, MAX_ITEMS } from './digest.ts'
import type { Move, PickedRun, WindowAddition } from './run.ts'

/** Writes where runs have come to, what they did, and what they wait for. */
export async function writeMoves(
  tx: Tx,
  moves: readonly Move[],
  windowIds: ReadonlyMap<string, string>,
  { now, newId }: { now: Date; newId(): string },
): Promise<void> {
  await tx.query({
    name: 'notify.workflow_runs.move',
    text: `
      UPDATE notify.workflow_runs r
      SET state = m.state, step = m.step, progress = m.progress::json, made = m.made::json,
        next_run_time = m.next_run_time, status_detail = m.detail, window_id = m.window_id, update_time = $10,
        end_time = CASE WHEN m.next_run_time IS NULL THEN $10::timestamptz END
      FROM unnest($1::uuid[], $2::uuid[], $3::int2[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
        $9::uuid[]) AS m (project_id, run_id, state, step, progress, made, next_run_time, detail, window_id)
      WHERE r.project_id = m.project_id AND r.run_id = m.run_id`,
    values: [
      moves.map(({ run }) => run.projectId),
      moves.map(({ run }) => run.runId),
      moves.map((move) => move.state),
      moves.map((move) => move.step),
      moves.map(({ progress }) => (progress === null ? null : JSON.stringify(progress))),
      moves.map((move) => JSON.stringify(move.made)),
      moves.map(({ nextRunMs }) => (nextRunMs === null ? null : new Date(nextRunMs))),
      moves.map((move) => move.detail),
      moves.map(({ run }) => windowIds.get(run.runId) ?? null),
      now,
    ],
  })
  await writeEntries(tx, moves, newId)
  await writeWaits(tx, moves)
}

async function writeEntries(tx: Tx, moves: readonly Move[], newId: () => string): Promise<void> {
  const entries = moves.flatMap(({ run, entries: own }) => own.map((entry) => ({ ...entry, run })))
  if (entries.length === 0) return
  await tx.query({
    name: 'notify.workflow_runs.entries_write',
    text: `
      INSERT INTO notify.workflow_run_entries (project_id, run_id, entry, entry_id, kind, step, title, detail, message_id)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::int2[], $6::text[], $7::text[], $8::text[],
        $9::uuid[])`,
    values: [
      entries.map(({ run }) => run.projectId),
      entries.map(({ run }) => run.runId),
      entries.map(({ entry }) => entry),
      entries.map(() => newId()),
      entries.map(({ kind }) => kind),
      entries.map(({ step }) => step),
      entries.map(({ title }) => title),
      entries.map(({ detail }) => detail ?? null),
      entries.map(({ messageId }) => messageId ?? null),
    ],
  })
}

async function writeWaits(tx: Tx, moves: readonly Move[]): Promise<void> {
  // Only a run that is or was in a fallback has any.
  const touched = moves.filter(
    ({ run, waits }) =>
      waits.length > 0 || run.progress?.try !== undefined || run.progress?.next !== undefined,
  )
  if (touched.length === 0) return
  const waits = touched.flatMap(({ run, waits: own }) => own.map((messageId) => ({ run, messageId })))
  await tx.query({
    name: 'notify.workflow_waits.write',
    text: `
      WITH gone AS (
        DELETE FROM notify.workflow_waits w USING unnest($1::uuid[], $2::uuid[]) AS r (project_id, run_id)
        WHERE w.project_id = r.project_id AND w.run_id = r.run_id AND w.message_id <> ALL ($5::uuid[])
      )
      INSERT INTO notify.workflow_waits (project_id, run_id, message_id)
      SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::uuid[]) ON CONFLICT DO NOTHING`,
    values: [
      touched.map(({ run }) => run.projectId),
      touched.map(({ run }) => run.runId),
      waits.map(({ run }) => run.projectId),
      waits.map(({ run }) => run.runId),
      waits.map(({ messageId }) => messageId),
    ],
  })
}

interface Addition {
  run: PickedRun
  addition: WindowAddition
}

/**
 * Puts runs into their windows, opening those that are not there: one statement for any number of runs, one row a window, in the
 * order of their keys, so that workers that share windows wait for each other instead of deadlocking.
 *
 * A window that is being closed makes this wait; once that has committed the window is no longer open, and another one opens.
 * Of a window that is full the time to close has come.
 *
 * @returns each run's window.
 */
export async function addToWindows(
  tx: Tx,
  additions: readonly Addition[],
  { now, newId }: { now: Date; newId(): string },
): Promise<Map<string, string>> {
  if (additions.length === 0) return new Map()
  const groups = Map.groupBy(additions, keyOf)
  const windows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members)
  const sizeOf = ({ run }: Addition): number => JSON.stringify(run.data).length
  const column = <T>(pick: (first: Addition) => T): T[] => windows.map(([first]) => pick(first as Addition))
  const { rows } = await tx.query<{ window_id: string; place: number }>({
    name: 'notify.workflow_windows.add',
    text: ADD,
    values: [
      column(({ run }) => run.projectId),
      column(() => newId()),
      column(({ run }) => run.live),
      column(({ run }) => run.workflow),
      column(({ run }) => run.version),
      column(({ addition }) => addition.step),
      column(({ addition }) => addition.recipient),
      column(({ addition }) => addition.digestKey),
      column(({ run }) => run.recipientId),
      column(({ run }) => JSON.stringify(run.target)),
      column(({ run }) => JSON.stringify(run.data)),
      column(({ addition }) => addition.nextStep),
      column(({ addition }) => new Date(addition.closeMs)),
      windows.map((members) => members.length),
      windows.map((members) => members.reduce((sum, one) => sum + sizeOf(one), 0)),
      column(({ run }) => run.actor),
      now,
    ],
  })
  const found = new Map<string, string>()
  for (const { place, window_id: windowId } of rows) {
    for (const { run } of windows[place - 1] ?? []) found.set(run.runId, windowId)
  }
  await tx.query({
    name: 'notify.workflow_items.add',
    text: `
      INSERT INTO notify.workflow_items (project_id, window_id, item_id, data)
      SELECT project_id, window_id, item_id, data::json
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS i (project_id, window_id, item_id, data)`,
    values: [
      additions.map(({ run }) => run.projectId),
      additions.map(({ run }) => found.get(run.runId)),
      additions.map(({ run }) => run.runId),
      additions.map(({ run }) => JSON.stringify(run.data)),
    ],
  })
  return found
}

/** What makes two windows the same one. */
function keyOf({ run, addition }: Addition): string {
  const { projectId, live, workflow, version } = run
  const { step, recipient, digestKey } = addition
  return JSON.stringify([projectId, live, workflow, version, step, recipient, digestKey])
}

const ADD = `
WITH item AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::text[], $5::int4[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::int4[], $15::int8[], $16::text[])
    WITH ORDINALITY AS item (project_id, window_id, live, workflow, version, step, recipient, digest_key, recipient_id,
      target, data, next_step, close_time, item_count, item_size, actor, place)
),
added AS (
  INSERT INTO notify.workflow_windows AS w (project_id, window_id, live, workflow, version, step, recipient, digest_key,
    recipient_id, target, data, next_step, close_time, item_count, item_size, actor, open_time)
  SELECT project_id, window_id, live, workflow, version, step, recipient, digest_key, recipient_id, target::json,
    data::json, next_step, CASE WHEN item_count >= ${MAX_ITEMS} OR item_size >= ${MAX_ITEM_CHARACTERS}
      THEN $17 ELSE close_time END, item_count, item_size, actor, $17
  FROM item ORDER BY place
  ON CONFLICT (project_id, live, workflow, version, step, recipient, digest_key) WHERE NOT closed DO UPDATE
  SET item_count = w.item_count + excluded.item_count, item_size = w.item_size + excluded.item_size,
    close_time = CASE
      WHEN w.item_count + excluded.item_count >= ${MAX_ITEMS} OR w.item_size + excluded.item_size >= ${MAX_ITEM_CHARACTERS}
      THEN least(w.close_time, $17) ELSE w.close_time END
  RETURNING project_id, window_id, live, workflow, version, step, recipient, digest_key
)
SELECT added.window_id, item.place::int4 FROM added
JOIN item USING (project_id, live, workflow, version, step, recipient, digest_key)`
