-- Campaigns: one thing told to many, in chunks that are frozen at the start. See src/campaigns/.

ALTER TABLE notify.messages ADD COLUMN campaign_id uuid;

-- Built here, accepting waits for as long as it takes: no message has a campaign yet, so that it only reads.
-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX messages_campaign ON notify.messages (project_id, campaign_id, message_id) WHERE campaign_id IS NOT NULL;

-- A paused campaign's rows wait in lane 4, which no worker picks from.
ALTER TABLE notify.delivery_queue ADD COLUMN campaign_id uuid;
-- The account that alone may send it.
ALTER TABLE notify.delivery_queue ADD COLUMN pinned_account_id uuid;

CREATE TABLE notify.campaigns (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  -- Grows with every change by somebody; the etag.
  revision integer NOT NULL,
  live boolean NOT NULL,
  -- CampaignState of the contract; 9: deleted, its rows are being removed.
  state smallint NOT NULL,
  status_detail text NOT NULL DEFAULT '',
  display_name text NOT NULL,
  -- What people wrote: the contract's Campaign as JSON.
  spec json NOT NULL,
  -- What was made of it at the start, and never changes after: see src/campaigns/plan.ts.
  plan json,
  -- When to start; null: at once.
  send_time timestamptz,
  -- 0: no limit.
  messages_per_second integer NOT NULL DEFAULT 0,
  -- Rows of its own list.
  imported_count bigint NOT NULL DEFAULT 0,
  -- People in the frozen audience, and those of them in an A/B test.
  total_count bigint NOT NULL DEFAULT 0,
  test_count bigint NOT NULL DEFAULT 0,
  -- When an A/B test is decided; set when the last of it was released.
  decide_time timestamptz,
  -- The variant that the rest gets, from 1 on.
  winner smallint,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  start_time timestamptz,
  end_time timestamptz,
  PRIMARY KEY (project_id, campaign_id)
);

-- What workers look after: a few rows.
CREATE INDEX campaigns_under_way ON notify.campaigns (campaign_id)
  WHERE state IN (2, 3, 4, 5, 9) OR (state = 7 AND end_time IS NULL);

-- A campaign's own list.
CREATE TABLE notify.campaign_rows (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  -- The recipient's id, or notify.address_key of the address.
  row_key text COLLATE "C" NOT NULL,
  line integer NOT NULL,
  recipient_id text,
  address text COLLATE "C",
  locale text,
  timezone text,
  -- Values for the template, by the names of their columns.
  data jsonb NOT NULL,
  PRIMARY KEY (project_id, campaign_id, row_key)
);

-- Rows of files that were refused.
CREATE TABLE notify.campaign_refusals (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  line integer NOT NULL,
  refusal_id bigint GENERATED ALWAYS AS IDENTITY,
  column_name text NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (project_id, campaign_id, line, refusal_id)
);

-- The frozen audience: ranges of keys, each with its members in order. A chunk has one timezone where the campaign has a window of
-- hours. `done_count` moves in the commit that writes the messages of those it passes, never before.
CREATE TABLE notify.campaign_chunks (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  chunk_id uuid NOT NULL,
  -- 1: in the A/B test, or there is none; 2: waits for the winner.
  phase smallint NOT NULL,
  first_key text COLLATE "C" NOT NULL,
  last_key text COLLATE "C" NOT NULL,
  timezone text,
  -- Not before this: the window of hours is closed.
  open_time timestamptz NOT NULL,
  size integer NOT NULL,
  done_count integer NOT NULL DEFAULT 0,
  -- Null once all of them are done.
  members text[] COLLATE "C",
  -- The process that works on it, and until when it does unless it says more. The epoch is the fencing token: it grows with every
  -- lease, and every step names it.
  lease_owner uuid,
  lease_end timestamptz,
  lease_epoch integer NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, campaign_id, chunk_id)
);

CREATE INDEX campaign_chunks_open ON notify.campaign_chunks (project_id, campaign_id, phase, open_time)
  WHERE done_count < size;

-- Who was seen to: the unique key that makes it once each, whoever tries.
CREATE TABLE notify.campaign_recipients (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  recipient_key text COLLATE "C" NOT NULL,
  -- The first of the messages; null: passed over.
  message_id uuid,
  -- Of those in an A/B test, from 1 on.
  variant smallint,
  -- Why there is no message: 1 deleted since the start, 2 no address for the channel.
  passed_over smallint,
  PRIMARY KEY (project_id, campaign_id, recipient_key)
);

CREATE INDEX campaign_recipients_passed_over ON notify.campaign_recipients (project_id, campaign_id, recipient_key)
  WHERE passed_over IS NOT NULL;
CREATE INDEX campaign_recipients_variant ON notify.campaign_recipients (project_id, campaign_id, variant)
  WHERE variant IS NOT NULL;

-- Changes of a campaign's counters, written by the commits that cause them and soon added up: nobody waits for a row that
-- everybody writes. kind: a message's state; 101 people seen to; 102 and 103 passed over, as in campaign_recipients.
CREATE TABLE notify.campaign_counts (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  count_id bigint GENERATED ALWAYS AS IDENTITY,
  kind smallint NOT NULL,
  delta integer NOT NULL,
  PRIMARY KEY (project_id, campaign_id, count_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE notify.campaign_totals (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  kind smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (project_id, campaign_id, kind)
) WITH (fillfactor = 50);

-- What was sent and what failed, by spans of ten seconds.
CREATE TABLE notify.campaign_points (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  point_time timestamptz NOT NULL,
  sent integer NOT NULL,
  failed integer NOT NULL,
  PRIMARY KEY (project_id, campaign_id, point_time)
) WITH (fillfactor = 50);

-- Until when the messages that were released use up a campaign's rate: the time line of GCRA (ITU-T I.371).
CREATE TABLE notify.campaign_paces (
  project_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  next_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, campaign_id)
) WITH (fillfactor = 50);

-- Counts what statements did to campaigns' messages, in their own commits, whoever they are. Nothing is joined: what is gained in one
-- state is lost in another. Messages that are made are counted by the statement that makes them.
CREATE FUNCTION notify.count_campaign_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO notify.campaign_counts (project_id, campaign_id, kind, delta)
  SELECT project_id, campaign_id, state, sum(change)
  FROM (
    SELECT project_id, campaign_id, state, 1 AS change FROM changed_rows WHERE campaign_id IS NOT NULL
    UNION ALL
    SELECT project_id, campaign_id, state, -1 FROM former_rows WHERE campaign_id IS NOT NULL
  ) change
  GROUP BY project_id, campaign_id, state HAVING sum(change) <> 0;
  RETURN NULL;
END
$$;

CREATE TRIGGER count_campaign_changes AFTER UPDATE ON notify.messages
  REFERENCING OLD TABLE AS former_rows NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION notify.count_campaign_changes();

-- A UUID of version 7 (RFC 9562 §5.7), which PostgreSQL makes itself from 18 on only: where a statement makes as many rows as it
-- finds. Setting bits 52 and 53 of a random one of version 4 makes its version 7.
CREATE FUNCTION notify.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
  RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1),
    'hex')::uuid;

-- A number from 0 to `size` - 1 for somebody in a campaign: the same whenever it is asked, and another in another campaign.
CREATE FUNCTION notify.campaign_hash(campaign_id uuid, salt text, key text, size integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ((hashtextextended(key COLLATE "C", hashtextextended(campaign_id::text || salt COLLATE "C", 0))
    & 9223372036854775807) % size)::integer;
