-- The transactional outbox and everything that reads it. How it is read without losing rows: src/events/feed.ts.

CREATE SCHEMA IF NOT EXISTS kernel;

-- A UUIDv7 on the database's clock. PostgreSQL 18 has one built in; this is for older servers and costs some 3 µs.
DO $do$
BEGIN
  IF current_setting('server_version_num')::int >= 180000 THEN
    CREATE FUNCTION kernel.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT uuidv7()';
  ELSE
    CREATE FUNCTION kernel.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $fn$
      SELECT encode(
        set_bit(set_bit(
          overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
          52, 1), 53, 1), 'hex')::uuid
    $fn$;
  END IF;
END
$do$;

-- The smallest UUIDv7 of a moment: the bound of a partition.
CREATE FUNCTION kernel.uuid_at(moment timestamptz) RETURNS uuid LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $fn$
  SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$fn$;

-- Positions in the outbox: the order in which events were written, not the one in which they were committed.
CREATE SEQUENCE kernel.outbox_seq;

-- One row per published event. Few columns and two indexes that only ever grow at their right edge: it is written in
-- the transaction of every change. Whoever inserts rows gives topic, key, payload and trace; see src/events/publish.ts.
CREATE TABLE kernel.outbox (
  -- The transaction that published it, which tells a reader's snapshot what it has seen (src/events/feed.ts).
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- Where it stands among the others. Never cached: a position taken later is a larger number, in any session.
  seq bigint NOT NULL DEFAULT nextval('kernel.outbox_seq'),
  -- The event's identity, for consumers that remember what they have done. A UUIDv7: partitions are days.
  id uuid NOT NULL DEFAULT kernel.uuid_v7(),
  topic text COLLATE "C" NOT NULL,
  -- Events of one key are handled one after the other, in order. NULL: in any order.
  key text COLLATE "C",
  payload json NOT NULL,
  -- The traceparent of whoever published it.
  trace text COLLATE "C"
) PARTITION BY RANGE (id);
CREATE INDEX outbox_seq_idx ON kernel.outbox (seq);
CREATE INDEX outbox_xid_idx ON kernel.outbox (xid);

-- Which shard of a group handles a lane: a key, or the id of an event without one.
CREATE FUNCTION kernel.event_shard(lane text, shards int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fn$
  SELECT ((hashtextextended(lane, 0) & 2147483647) % shards)::int
$fn$;

-- One row per consumer group that ever subscribed. Its number of shards is fixed when it first does.
CREATE TABLE kernel.event_groups (
  name text COLLATE "C" PRIMARY KEY,
  shards int NOT NULL CHECK (shards BETWEEN 1 AND 256),
  create_time timestamptz NOT NULL DEFAULT now()
);

-- How far each shard of a group has come, and who works on it. Rewritten after every page: room for in-page updates.
CREATE TABLE kernel.event_cursors (
  group_name text COLLATE "C" NOT NULL REFERENCES kernel.event_groups ON DELETE CASCADE,
  shard int NOT NULL,
  -- What this snapshot saw is done.
  done pg_snapshot NOT NULL,
  -- Set while more than a page is worked through: the snapshot of all of it, and the last position done in it.
  batch pg_snapshot,
  after_seq bigint NOT NULL DEFAULT 0,
  -- The last position given out when this was written: whatever is published later has a larger one.
  position bigint NOT NULL DEFAULT 0,
  owner uuid,
  -- Fencing token: goes up with every change of owner, and every write of an owner names it.
  epoch bigint NOT NULL DEFAULT 0,
  update_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (group_name, shard)
) WITH (fillfactor = 50);

-- The processes that consume. A shard whose owner's time is up belongs to whoever takes it first.
CREATE TABLE kernel.event_members (
  id uuid PRIMARY KEY,
  alive_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Events that failed and are tried again, with those behind them of the same key. Small: rows leave it again.
CREATE TABLE kernel.event_retries (
  group_name text COLLATE "C" NOT NULL REFERENCES kernel.event_groups ON DELETE CASCADE,
  -- The key, or the event's id when it has none.
  lane text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  shard int NOT NULL,
  event_id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  key text COLLATE "C",
  payload json NOT NULL,
  trace text COLLATE "C",
  attempts int NOT NULL,
  next_time timestamptz NOT NULL,
  error text,
  PRIMARY KEY (group_name, lane, seq)
);
CREATE INDEX event_retries_shard_idx ON kernel.event_retries (group_name, shard);

-- Events given up on, kept until somebody replays or discards them.
CREATE TABLE kernel.dead_letters (
  id uuid PRIMARY KEY DEFAULT kernel.uuid_v7(),
  group_name text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  seq bigint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  key text COLLATE "C",
  payload json NOT NULL,
  trace text COLLATE "C",
  attempts int NOT NULL,
  error text NOT NULL,
  UNIQUE (group_name, event_id)
);
CREATE INDEX dead_letters_group_idx ON kernel.dead_letters (group_name, id);

-- What consumers have done, written with the doing (delivery.once in src/events/consumer.ts).
CREATE TABLE kernel.event_receipts (
  group_name text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (group_name, event_id)
) PARTITION BY RANGE (event_id);

-- The server whose transaction numbers the outbox is written in. A dump restored elsewhere finds other numbers there.
CREATE TABLE kernel.event_origin (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  system_identifier bigint NOT NULL
);
INSERT INTO kernel.event_origin (system_identifier) SELECT system_identifier FROM pg_control_system();

-- Makes the daily partitions of a table ranged by UUIDv7 for the days of `from_time` to `to_time` (UTC), and one for
-- every day of which the default partition holds rows. Returns how many were made.
--
-- A partition is filled and attached, not created in place: ATTACH lets publishers go on, CREATE … PARTITION OF waits
-- for them and blocks those behind. Rows are in the default partition only when nobody has called this for days.
CREATE FUNCTION kernel.create_day_partitions(parent regclass, from_time timestamptz, to_time timestamptz)
RETURNS int LANGUAGE plpgsql AS $fn$
DECLARE
  schema_name text;
  table_name text;
  column_name text;
  day timestamptz;
  lower_id uuid;
  upper_id uuid;
  made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('kernel.create_day_partitions'));
  SELECT n.nspname, c.relname, a.attname INTO schema_name, table_name, column_name
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_partitioned_table p ON p.partrelid = c.oid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
  WHERE c.oid = parent;
  IF to_regclass(format('%I.%I', schema_name, table_name || '_default')) IS NULL THEN
    EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', schema_name, table_name || '_default', parent);
  END IF;
  FOR day IN EXECUTE format(
    $q$SELECT date_trunc('day', $1, 'UTC') + n * interval '1 day'
       FROM generate_series(0, ceil(extract(epoch FROM $2 - date_trunc('day', $1, 'UTC')) / 86400)::int - 1) AS n
       UNION
       SELECT date_trunc('day', to_timestamp(('x' || substr(replace(%2$I::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0), 'UTC')
       FROM %1$I.%3$I$q$, schema_name, column_name, table_name || '_default')
    USING from_time, to_time
  LOOP
    CONTINUE WHEN to_regclass(format('%I.%I', schema_name, table_name || to_char(day AT TIME ZONE 'UTC', '"_"YYYYMMDD'))) IS NOT NULL;
    lower_id := kernel.uuid_at(day);
    upper_id := kernel.uuid_at(day + interval '1 day');
    EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', schema_name, table_name || '_default');
    EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %3$s INCLUDING DEFAULTS INCLUDING INDEXES)',
      schema_name, table_name || to_char(day AT TIME ZONE 'UTC', '"_"YYYYMMDD'), parent);
    EXECUTE format(
      'WITH moved AS (DELETE FROM %1$I.%2$I WHERE %4$I >= %5$L AND %4$I < %6$L RETURNING *)
       INSERT INTO %1$I.%3$I SELECT * FROM moved',
      schema_name, table_name || '_default', table_name || to_char(day AT TIME ZONE 'UTC', '"_"YYYYMMDD'),
      column_name, lower_id, upper_id);
    EXECUTE format('ALTER TABLE %1$s ATTACH PARTITION %2$I.%3$I FOR VALUES FROM (%4$L) TO (%5$L)',
      parent, schema_name, table_name || to_char(day AT TIME ZONE 'UTC', '"_"YYYYMMDD'), lower_id, upper_id);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$fn$;

SELECT kernel.create_day_partitions('kernel.outbox', now(), now() + interval '3 days');
SELECT kernel.create_day_partitions('kernel.event_receipts', now(), now() + interval '3 days');
