-- Workflows: their versions, the runs of them, and the digests that runs are put into.

-- One row a version; versions never change.
CREATE TABLE notify.workflows (
  project_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  -- As it was published, from JSON or YAML, its fields in their order.
  definition json NOT NULL,
  -- The YAML with its comments; null: it was published as JSON.
  yaml text,
  step_count integer NOT NULL,
  actor text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, name, version)
);

-- One row a run. A worker that moves runs on holds their row locks until it has committed what it did, so that dying gives them
-- back at once; what it sent before that commit has a dedupe key made of the run and the step, and is not sent again.
--
-- state: 1 running, 2 completed, 3 digested, 4 failed, 5 cancelled (WorkflowRunState of the contract).
CREATE TABLE notify.workflow_runs (
  project_id uuid NOT NULL,
  -- Of a digest's own run it is the id of its window: a window can go on once only.
  run_id uuid NOT NULL,
  live boolean NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  state smallint NOT NULL DEFAULT 1,
  recipient_id text COLLATE "C",
  -- Target of the contract, as JSON.
  target json NOT NULL,
  data json NOT NULL,
  dedupe_key text COLLATE "C",
  -- The step that it is at; null once it has ended.
  step text COLLATE "C",
  -- Where it is within that step: {"try","deadline"} of a fallback, {"until"} of a delay, {"failures"} of a step to be repeated.
  progress json,
  -- Messages that it made, by step: {"reach":["msg uuid",…]}; a try that made none is null.
  made json NOT NULL DEFAULT '{}',
  -- When it goes on by itself; null once it has ended.
  next_run_time timestamptz,
  -- The window that it was put into.
  window_id uuid,
  -- How many runs it gathers; 0: it is no digest's run.
  item_count integer NOT NULL DEFAULT 0,
  status_detail text,
  actor text NOT NULL,
  request_id text,
  trace_id text,
  update_time timestamptz NOT NULL,
  end_time timestamptz,
  PRIMARY KEY (project_id, run_id)
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX workflow_runs_dedupe ON notify.workflow_runs (project_id, live, workflow, dedupe_key)
  WHERE dedupe_key IS NOT NULL;
CREATE INDEX workflow_runs_due ON notify.workflow_runs (next_run_time) WHERE next_run_time IS NOT NULL;
CREATE INDEX workflow_runs_workflow ON notify.workflow_runs (project_id, workflow, run_id);
CREATE INDEX workflow_runs_recipient ON notify.workflow_runs (project_id, recipient_id, run_id)
  WHERE recipient_id IS NOT NULL;
CREATE INDEX workflow_runs_state ON notify.workflow_runs (project_id, state, run_id);
-- Retention takes the oldest that have ended.
CREATE INDEX workflow_runs_ended ON notify.workflow_runs (end_time) WHERE end_time IS NOT NULL;

-- What happened in a run, written in the commit that moved it on. The key names the step and what it did, so that nothing can
-- happen twice. kind: WorkflowEntryKind of the contract.
CREATE TABLE notify.workflow_run_entries (
  project_id uuid NOT NULL,
  run_id uuid NOT NULL,
  entry text COLLATE "C" NOT NULL,
  -- UUIDv7: when it happened, and the order of what happened at once.
  entry_id uuid NOT NULL,
  kind smallint NOT NULL,
  step text COLLATE "C" NOT NULL,
  title text NOT NULL,
  detail text,
  message_id uuid,
  PRIMARY KEY (project_id, run_id, entry)
);

-- Messages whose fate a fallback waits for: small, and gone when the fallback has ended.
CREATE TABLE notify.workflow_waits (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  run_id uuid NOT NULL,
  PRIMARY KEY (project_id, message_id)
);
CREATE INDEX workflow_waits_run ON notify.workflow_waits (project_id, run_id);

-- A digest in the making. At most one is open for each key of a recipient, step and version: opening one, adding to it and
-- closing it are single statements on this row.
CREATE TABLE notify.workflow_windows (
  project_id uuid NOT NULL,
  window_id uuid NOT NULL,
  live boolean NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  step text COLLATE "C" NOT NULL,
  -- Whom it is for, and what belongs together.
  recipient text COLLATE "C" NOT NULL,
  digest_key text COLLATE "C" NOT NULL,
  -- Of the run that opened it.
  recipient_id text COLLATE "C",
  target json NOT NULL,
  data json NOT NULL,
  -- Where its own run begins.
  next_step text COLLATE "C" NOT NULL,
  open_time timestamptz NOT NULL,
  close_time timestamptz NOT NULL,
  item_count integer NOT NULL,
  -- Characters of its items' data.
  item_size bigint NOT NULL,
  closed boolean NOT NULL DEFAULT false,
  actor text NOT NULL,
  PRIMARY KEY (project_id, window_id)
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX workflow_windows_open
  ON notify.workflow_windows (project_id, live, workflow, version, step, recipient, digest_key) WHERE NOT closed;
CREATE INDEX workflow_windows_due ON notify.workflow_windows (close_time) WHERE NOT closed;

-- What is in a digest: the data of each run that was put into it. A run is put into one digest at the most.
CREATE TABLE notify.workflow_items (
  project_id uuid NOT NULL,
  window_id uuid NOT NULL,
  -- The run.
  item_id uuid NOT NULL,
  data json NOT NULL,
  PRIMARY KEY (project_id, window_id, item_id)
);
CREATE UNIQUE INDEX workflow_items_once ON notify.workflow_items (project_id, item_id);

-- The run that made a message; null: none did.
ALTER TABLE notify.messages ADD COLUMN workflow_run_id uuid;
