-- The ledger: every notification, its messages, what waits, and what was tried.
--
-- Ids are UUIDv7 made by the program, so that range partitions by id are partitions by time, and a row's create time is
-- in its id. Numbers of states, classes, channels, policies and outcomes are the contract's (notify.proto).
--
-- A statement that joins these tables to a batch needs a plan that walks indexes whatever the tables' size was when it
-- was made: see src/deliver/batch-sql.ts.

CREATE SCHEMA IF NOT EXISTS notify;

-- One row per dedupe key: the unique constraint that a partitioned table cannot hold. Test and live keys never meet. A
-- row lives as long as its notification. The BRIN index finds the oldest rows when partitions are dropped, and costs
-- inserts nothing.
CREATE TABLE notify.dedupe_keys (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  dedupe_key text COLLATE "C" NOT NULL,
  notification_id uuid NOT NULL,
  message_id uuid NOT NULL,
  PRIMARY KEY (project_id, live, dedupe_key)
);

CREATE INDEX dedupe_keys_age ON notify.dedupe_keys USING brin (notification_id uuid_minmax_ops);

CREATE TABLE notify.notifications (
  project_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  -- {"email":{"subject","text","html"}} or {"template":{"name","version"},"data":{…}}. Written once, read whole and never
  -- searched, so `json`: it skips building a tree that nobody asks about.
  content json NOT NULL,
  dedupe_key text,
  -- Who asked: the caller's id, for example `key_…`.
  actor text NOT NULL,
  request_id text,
  PRIMARY KEY (project_id, notification_id)
) PARTITION BY RANGE (notification_id);

-- `state` holds facts only: accepted, or what became of it. Scheduled, queued and sending are read from
-- delivery_queue, so that a message is written twice in its life, not five times.
--
-- The second write stays within its page and touches no index (a HOT update) as long as it changes no indexed column
-- and the page has room: hence the partitions' fillfactor, and `exit_state` instead of an index on `state`.
--
-- A provider's report can come in before the worker has recorded that it was sent: whoever writes `sent` keeps a state
-- of 6, 7 or 8 (delivered, bounced, complained), and sets `sent_time` only.
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
  to_address text COLLATE "C" NOT NULL,
  recipient_id text COLLATE "C",
  -- A template's subject as it is written, until the worker has filled it in.
  subject text NOT NULL,
  template_name text COLLATE "C",
  template_version integer,
  send_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  sent_time timestamptz,
  delivered_time timestamptz,
  -- Of the last attempt.
  provider_account_id uuid,
  -- Why it is not sent, as a sentence for people.
  status_detail text,
  -- 32 hexadecimal digits.
  trace_id text,
  -- The state when it is a rare one, which people look for; null for accepted, sent and delivered.
  exit_state smallint GENERATED ALWAYS AS (CASE WHEN state IN (1, 5, 6) THEN NULL ELSE state END) STORED,
  PRIMARY KEY (project_id, message_id)
) PARTITION BY RANGE (message_id);

CREATE INDEX messages_to ON notify.messages (project_id, lower(to_address), message_id);
CREATE INDEX messages_recipient ON notify.messages (project_id, recipient_id, message_id)
  WHERE recipient_id IS NOT NULL;
CREATE INDEX messages_template ON notify.messages (project_id, template_name, message_id)
  WHERE template_name IS NOT NULL;
CREATE INDEX messages_exit ON notify.messages (project_id, exit_state, message_id) WHERE exit_state IS NOT NULL;

-- Small and hot: one row per message that still has something to do; deleted at the end. A leased row is the journal of
-- the attempt under way: it is committed before the socket opens. A worker that has only picked a row holds nothing but
-- its row lock, in a transaction still open, so that dying then gives the row back at once.
--
-- A claim sets the lease and leaves `due_time` as it was: no indexed column changes, so it is a HOT update (fillfactor 50
-- leaves every row room for its second version). It takes what is due and has no lease_owner, FOR UPDATE SKIP LOCKED. A
-- retry sets a new due_time and no owner. Cancelling deletes the row only while it has no owner.
CREATE TABLE notify.delivery_queue (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  -- The message's class: 1 otp, 2 transactional, 3 bulk.
  lane smallint NOT NULL,
  -- The send time, then the time of the next attempt.
  due_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- The fencing token, which is also the number of attempts begun: grows with every claim, and every write about an
  -- attempt names it. A message put back by hand starts from its attempt_count, so that no token is ever used twice.
  lease_epoch integer NOT NULL DEFAULT 0,
  -- The worker that is calling a provider right now: see delivery_workers. Null: the message waits.
  lease_owner uuid,
  -- The attempt under way, or the last one.
  provider_account_id uuid,
  start_time timestamptz,
  -- Why this account: {"rejected":[{"account","reason"}]}; null when the first choice was taken.
  routing jsonb,
  PRIMARY KEY (project_id, message_id)
) WITH (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 20000,
  autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX delivery_queue_due ON notify.delivery_queue (lane, due_time);

-- One row per living worker. A lease is the worker's, not the row's: one small write keeps everything it holds. When
-- lease_end has passed, what the worker was calling is unknown, and any other worker settles it.
-- mainstay: allow project-key because a worker serves every project
CREATE TABLE notify.delivery_workers (
  worker_id uuid PRIMARY KEY,
  lease_end timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Append-only: attempts that ended, written in the same commit as their effect on the message. The one under way is in
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

-- How provider accounts fared lately: attempts come in the order of their ends, so that a BRIN index skips the older ones.
CREATE INDEX delivery_attempts_end ON notify.delivery_attempts USING brin (end_time);

-- What people and programs did to a message besides sending it, and what providers reported later.
-- kind: 1 cancelled, 2 resolved as sent, 3 resolved as failed, 4 resolved by sending again,
--       5 delivered, 6 bounced, 7 complained, 8 ended without an attempt (expired, could not be rendered),
--       9 a worker told late how an attempt ended
-- The time of a note is in its id.
CREATE TABLE notify.message_notes (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  note_id uuid NOT NULL,
  kind smallint NOT NULL,
  -- `worker`, `provider`, or the id of a key or an operator.
  actor text NOT NULL,
  title text NOT NULL,
  detail text,
  PRIMARY KEY (project_id, message_id, note_id)
) PARTITION BY RANGE (message_id);

-- The feed behind WatchMessages: each statement that changes messages adds one row a project (not one a message), in the
-- same commit. Ordered by transaction: everything below the oldest running transaction is complete, so that a reader can
-- go on from a position and miss nothing. Rows live for an hour.
CREATE TABLE notify.message_changes (
  project_id uuid NOT NULL,
  change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  change_seq bigint GENERATED ALWAYS AS IDENTITY,
  change_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  message_ids uuid[] NOT NULL,
  PRIMARY KEY (project_id, change_xid, change_seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- Ids have no redundancy that would repay compressing them.
ALTER TABLE notify.message_changes ALTER COLUMN message_ids SET STORAGE EXTERNAL;

-- One row per span of time that has partitions, one of each partitioned table. The first reaches back to the beginning.
-- mainstay: allow project-key because partitions span all projects
CREATE TABLE notify.partitions (
  suffix text PRIMARY KEY,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL
);

-- The smallest id of a moment: the bound of a partition.
CREATE FUNCTION notify.min_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Makes partitions of `days` days until `until` lies inside one; returns how many spans were added. Any number of
-- processes may call it at once. Tables are made apart and then attached, which lets reading and writing go on.
CREATE FUNCTION notify.ensure_partitions(until timestamptz, days integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  added integer := 0;
  span_start timestamptz;
  span_end timestamptz;
  lower_bound text;
  suffix text;
  parent text;
  options text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('notify.ensure_partitions'));
  LOOP
    SELECT max(end_time) INTO span_start FROM notify.partitions;
    EXIT WHEN span_start > until;
    IF span_start IS NULL THEN
      span_start := '-infinity';
      span_end := date_trunc('week', until AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(days => 7);
      lower_bound := 'MINVALUE';
      suffix := 'first';
    ELSE
      span_end := span_start + make_interval(days => days);
      lower_bound := quote_literal(notify.min_id_at(span_start));
      suffix := to_char(span_start AT TIME ZONE 'UTC', 'YYYYMMDD');
    END IF;
    FOREACH parent IN ARRAY ARRAY['notifications', 'messages', 'delivery_attempts', 'message_notes']
    LOOP
      options := CASE parent WHEN 'messages' THEN ' WITH (fillfactor = 50)' ELSE '' END;
      EXECUTE format(
        'CREATE TABLE notify.%1$I (LIKE notify.%2$I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES)%3$s',
        parent || '_' || suffix, parent, options);
      EXECUTE format(
        'ALTER TABLE notify.%1$I ATTACH PARTITION notify.%2$I FOR VALUES FROM (%3$s) TO (%4$L)',
        parent, parent || '_' || suffix, lower_bound, notify.min_id_at(span_end));
    END LOOP;
    INSERT INTO notify.partitions VALUES (suffix, span_start, span_end);
    added := added + 1;
  END LOOP;
  RETURN added;
END
$$;

SELECT notify.ensure_partitions(now(), 7);
SELECT notify.ensure_partitions(now() + interval '14 days', 7);
