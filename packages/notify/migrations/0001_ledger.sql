-- The ledger: every notification, its messages, what waits, and what was tried.
-- Ids are UUIDv7, so that range partitions by id are partitions by time.

CREATE SCHEMA IF NOT EXISTS notify;

-- One row per dedupe key: the unique constraint that a partitioned table cannot hold.
CREATE TABLE notify.dedupe_keys (
  project_id uuid NOT NULL,
  dedupe_key text NOT NULL,
  notification_id uuid NOT NULL,
  message_id uuid NOT NULL,
  PRIMARY KEY (project_id, dedupe_key)
);

CREATE TABLE notify.notifications (
  project_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  -- { "email": { subject, text, html } } or { "template": { name, version }, "data": {…} }
  content jsonb NOT NULL,
  dedupe_key text,
  actor text NOT NULL,
  request_id text,
  trace_id text,
  PRIMARY KEY (project_id, notification_id)
) PARTITION BY RANGE (notification_id);

-- `state` holds facts only: accepted, or an end. Scheduled, queued and sending are read from delivery_queue, so that a
-- message is written twice in its life, not five times.
CREATE TABLE notify.messages (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  channel smallint NOT NULL,
  class smallint NOT NULL,
  state smallint NOT NULL,
  unknown_policy smallint NOT NULL,
  live boolean NOT NULL,
  possible_duplicate boolean NOT NULL DEFAULT false,
  attempt_count integer NOT NULL DEFAULT 0,
  to_address text NOT NULL,
  recipient_id text,
  subject text NOT NULL,
  template_name text,
  template_version integer,
  send_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  sent_time timestamptz,
  delivered_time timestamptz,
  provider_account_id uuid,
  status_detail text,
  trace_id text,
  PRIMARY KEY (project_id, message_id)
) PARTITION BY RANGE (message_id);

-- Small and hot: one row per message that still has something to do; deleted at the end.
CREATE TABLE notify.delivery_queue (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  lane smallint NOT NULL,
  -- When a worker may claim it: the send time, the next retry, or the end of the lease of a dead worker.
  due_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- The fencing token: grows with every claim; every write about an attempt names it.
  lease_epoch integer NOT NULL DEFAULT 0,
  lease_owner uuid,
  -- 0 waiting, 1 claimed (no socket opened), 2 calling (the outcome is unknown until recorded)
  phase smallint NOT NULL DEFAULT 0,
  attempt_count integer NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, message_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX delivery_queue_due ON notify.delivery_queue (lane, due_time);

-- Append-only: written before the socket opens.
CREATE TABLE notify.delivery_attempts (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  attempt integer NOT NULL,
  lease_epoch integer NOT NULL,
  provider_account_id uuid NOT NULL,
  start_time timestamptz NOT NULL,
  -- Why this account: { "rejected": [{ "account", "reason" }] }
  routing jsonb,
  PRIMARY KEY (project_id, message_id, attempt)
) PARTITION BY RANGE (message_id);

-- Append-only: how an attempt ended. An attempt without a row here is `calling`, or was when its worker died.
CREATE TABLE notify.delivery_results (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  attempt integer NOT NULL,
  lease_epoch integer NOT NULL,
  -- AttemptOutcome of the contract: 3 accepted, 4 rejected_permanent, 5 rejected_transient, 6 unknown
  outcome smallint NOT NULL,
  end_time timestamptz NOT NULL,
  provider_message_id text,
  reply text,
  retry_time timestamptz,
  PRIMARY KEY (project_id, message_id, attempt)
) PARTITION BY RANGE (message_id);

-- What people and programs did to a message besides sending it: cancelled, resolved; and what providers reported later.
CREATE TABLE notify.message_notes (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  note_id uuid NOT NULL,
  kind smallint NOT NULL,
  actor text NOT NULL,
  title text NOT NULL,
  detail text,
  PRIMARY KEY (project_id, message_id, note_id)
) PARTITION BY RANGE (message_id);
