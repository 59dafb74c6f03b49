-- The inbox inside an app: what was sent to recipients over channel 7, and what they did with it.

-- The lane of a message in delivery_queue. The classes' own, 1 to 3, are for workers that call providers; 11 to 13 are the same
-- classes of the inbox, which its courier takes: nothing of it waits for a provider, and no provider's worker sees it.
CREATE FUNCTION notify.queue_lane(channel smallint, class smallint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE channel WHEN 7 THEN class + 10 ELSE class END;

-- One row per recipient and mode that ever got something. Whoever changes an inbox updates this row first, and so holds its
-- lock until the commit: changes of one inbox happen one after the other, their numbers are in the order of their commits,
-- and the counts are exact without counting.
CREATE TABLE notify.inboxes (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  -- The number of the last change.
  change_seq bigint NOT NULL,
  unread_count integer NOT NULL,
  unseen_count integer NOT NULL,
  -- Items that were not put away.
  current_count integer NOT NULL,
  PRIMARY KEY (project_id, live, recipient_id)
) WITH (fillfactor = 70);

-- What is put away is read, and what is read was seen.
CREATE TABLE notify.inbox_items (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  -- Made when it is delivered: when it came in is in its id.
  item_id uuid NOT NULL,
  message_id uuid NOT NULL,
  -- {"title","body","actionUrl","actionLabel","imageUrl","icon","severity","data"}. Written once, read whole.
  content json NOT NULL,
  group_key text COLLATE "C",
  category text COLLATE "C",
  seen_time timestamptz,
  read_time timestamptz,
  archive_time timestamptz,
  PRIMARY KEY (project_id, live, recipient_id, item_id)
) WITH (fillfactor = 80);

-- A message is delivered once, whatever its courier believes.
CREATE UNIQUE INDEX inbox_items_message ON notify.inbox_items (project_id, message_id);

-- What lists walk, newest first, however rare it is among the others.
CREATE INDEX inbox_items_current ON notify.inbox_items (project_id, live, recipient_id, item_id)
  WHERE archive_time IS NULL;
CREATE INDEX inbox_items_unread ON notify.inbox_items (project_id, live, recipient_id, item_id) WHERE read_time IS NULL;
CREATE INDEX inbox_items_unseen ON notify.inbox_items (project_id, live, recipient_id, item_id) WHERE seen_time IS NULL;
CREATE INDEX inbox_items_archived ON notify.inbox_items (project_id, live, recipient_id, item_id)
  WHERE archive_time IS NOT NULL;
CREATE INDEX inbox_items_group ON notify.inbox_items (project_id, live, recipient_id, group_key, item_id)
  WHERE group_key IS NOT NULL;
CREATE INDEX inbox_items_category ON notify.inbox_items (project_id, live, recipient_id, category, item_id)
  WHERE category IS NOT NULL;

-- How old ones are found when they are past their retention. It costs inserts nothing.
CREATE INDEX inbox_items_age ON notify.inbox_items USING brin (item_id uuid_minmax_ops);

-- What changed in an inbox, for those who watch: one row a commit and inbox. Rows outlive the resume tokens.
CREATE TABLE notify.inbox_changes (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  change_seq bigint NOT NULL,
  change_time timestamptz NOT NULL,
  -- Those that are new, were marked or deleted. Empty where all up to a time were marked.
  item_ids uuid[] NOT NULL,
  -- {"action","untilMs","category","groupKey"}: all that came in up to a time were marked.
  sweep json,
  PRIMARY KEY (project_id, live, recipient_id, change_seq)
);

CREATE INDEX inbox_changes_age ON notify.inbox_changes USING brin (change_time);
