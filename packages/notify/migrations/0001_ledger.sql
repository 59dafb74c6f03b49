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

-- `state` holds facts only: accepted, or an end. Scheduled, queued and sending are read from delivery_queue (leased is
-- sending), so that a message is written twice in its life, not five times. Its partitions want a fillfactor of 85 and no
-- index over state or the times, so that the second write is a heap-only update.
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

-- Small and hot: one row per message that still has something to do; deleted at the end. A leased row is the journal of
-- the attempt under way: it is committed before the socket opens. A worker that has only picked a row holds nothing but
-- its row lock, in a transaction still open, so that dying then gives the row back at once.
CREATE TABLE notify.delivery_queue (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  -- The message's class: 1 otp, 2 transactional, 3 bulk.
  lane smallint NOT NULL,
  -- When it may be claimed: the send time, or the next retry.
  due_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- The fencing token, which is also the number of attempts begun: grows with every claim, and every write about an
  -- attempt names it. A message put back by hand starts from its attempt_count, so that no token is ever used twice.
  lease_epoch integer NOT NULL DEFAULT 0,
  -- The worker that is calling a provider right now: see delivery_workers. Null: the message waits.
  lease_owner uuid,
  -- The attempt under way.
  provider_account_id uuid,
  start_time timestamptz,
  -- Why this account: { "rejected": [{ "account", "reason" }] }. Null: it was the first choice.
  routing jsonb,
  PRIMARY KEY (project_id, message_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX delivery_queue_due ON notify.delivery_queue (lane, due_time) WHERE lease_owner IS NULL;

-- One row per living worker. A lease is the worker's, not the row's: one small write keeps everything it holds. When
-- lease_end has passed, what the worker was calling is unknown, and any other worker settles it.
CREATE TABLE notify.delivery_workers (
  worker_id uuid PRIMARY KEY,
  lease_end timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Append-only: attempts that ended; written in the same commit as their effect on the message. The one under way is in
-- delivery_queue.
CREATE TABLE notify.delivery_attempts (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  -- From 1 on: the lease_epoch it ran under.
  attempt integer NOT NULL,
  provider_account_id uuid NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  -- AttemptOutcome of the contract: 3 accepted, 4 rejected_permanent, 5 rejected_transient, 6 unknown
  outcome smallint NOT NULL,
  provider_message_id text,
  reply text,
  -- When the next attempt was planned, if one was.
  retry_time timestamptz,
  routing jsonb,
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
