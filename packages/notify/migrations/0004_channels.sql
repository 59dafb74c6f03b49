-- Channels besides email.

-- In E.164.
ALTER TABLE notify.recipients ADD COLUMN phone text;

-- What the sandbox phone shows: everything sent in development that is no mail. The newest of each project are kept.
-- When it came in is in its id.
CREATE TABLE notify.sandbox_items (
  project_id uuid NOT NULL,
  item_id uuid NOT NULL,
  message_id uuid NOT NULL,
  channel smallint NOT NULL,
  from_address text NOT NULL,
  to_address text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  -- What is special to the channel.
  detail json NOT NULL,
  PRIMARY KEY (project_id, item_id)
);

-- A message that is handed over twice is shown once.
CREATE UNIQUE INDEX sandbox_items_message ON notify.sandbox_items (project_id, message_id);

-- What is done next about an answer that was lost: 0 nothing (it was not), 1 the same provider is asked again with the same
-- key, 2 it is asked what became of the message, 3 its report is waited for. See src/deliver/doubt.ts.
ALTER TABLE notify.delivery_queue ADD COLUMN doubt smallint NOT NULL DEFAULT 0;

-- When the attempt began whose answer was lost first.
ALTER TABLE notify.delivery_queue ADD COLUMN doubt_time timestamptz;
