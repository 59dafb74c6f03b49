-- What is to happen at a time, or again and again.

-- `next_local` and `next_time` are the state: whoever plans an occurrence moves them on in the commit that writes its runs, under
-- the row's lock, so that it is planned once.
CREATE TABLE notify.schedules (
  project_id uuid NOT NULL,
  schedule_id uuid NOT NULL,
  live boolean NOT NULL,
  display_name text NOT NULL,
  -- Timing, audience and action, as JSON of the contract (Schedule).
  spec json NOT NULL,
  -- Of the contract: 1 active, 2 paused, 3 ended.
  state smallint NOT NULL,
  misfire_policy smallint NOT NULL,
  -- What the wall showed when its timing was last set: where rules without a start begin.
  anchor_local timestamp NOT NULL,
  -- Nothing of before is made up for.
  active_since timestamptz NOT NULL,
  -- The last occurrence that was planned, and the next one, on the wall of their zone.
  last_local timestamp,
  next_local timestamp,
  -- When the next occurrence is to be planned. Null: never.
  next_time timestamptz,
  last_time timestamptz,
  occurrence_count integer NOT NULL DEFAULT 0,
  made_count bigint NOT NULL DEFAULT 0,
  failed_count bigint NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  -- The id of the key or operator that made it.
  actor text NOT NULL,
  -- Grows with every change that people make.
  version integer NOT NULL DEFAULT 1,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, schedule_id)
);

CREATE INDEX schedules_due ON notify.schedules (next_time) WHERE next_time IS NOT NULL;

-- Occurrences under way, or soon to be: one row each, or one a time zone where it happens at each recipient's own time. Deleted at
-- the end. `cursor` moves on in the commit after its recipients' notifications are stored; after a crash some are asked for
-- again, and their dedupe keys make that nothing.
CREATE TABLE notify.schedule_runs (
  project_id uuid NOT NULL,
  schedule_id uuid NOT NULL,
  occurrence timestamp NOT NULL,
  -- Empty: recipients of all time zones.
  timezone text COLLATE "C" NOT NULL,
  due_time timestamptz NOT NULL,
  -- Due, or when it is tried again.
  try_time timestamptz NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  -- The last recipient that is done; empty: none is.
  cursor text COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (project_id, schedule_id, occurrence, timezone),
  FOREIGN KEY (project_id, schedule_id) REFERENCES notify.schedules ON DELETE CASCADE
);

CREATE INDEX schedule_runs_due ON notify.schedule_runs (try_time);
