-- What is known of recipients, where they can be reached, and the groups that they are in.

-- A BCP 47 tag and a name of the IANA time zone database that this server knows too; see src/recipients/timezones.ts.
ALTER TABLE notify.recipients ADD COLUMN locale text;
ALTER TABLE notify.recipients ADD COLUMN timezone text;

-- What the application knows of the person: an object of its own making.
ALTER TABLE notify.recipients ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}';

-- Where a recipient can be reached, besides the email address and the phone number in notify.recipients.
CREATE TABLE notify.recipient_endpoints (
  project_id uuid NOT NULL,
  recipient_id text NOT NULL,
  endpoint_id uuid NOT NULL,
  -- Of the contract's Channel: 1 an email address, 2 a phone number (for WhatsApp too), 4 a device's token, 5 a place in a chat.
  channel smallint NOT NULL,
  address text COLLATE "C" NOT NULL,
  -- notify.address_key of the address, as suppressions have it.
  address_key text COLLATE "C" NOT NULL,
  -- `ios`, `android` or `web`; null for what is no device.
  platform text,
  -- The application has seen that the address is the recipient's.
  verified boolean NOT NULL,
  create_time timestamptz NOT NULL,
  -- When the application last said that it is there.
  last_seen_time timestamptz NOT NULL,
  -- Since when a provider says that it is gone, and its words. Nothing is sent to it until it is seen again.
  dead_time timestamptz,
  dead_reason text,
  PRIMARY KEY (project_id, recipient_id, endpoint_id),
  FOREIGN KEY (project_id, recipient_id) REFERENCES notify.recipients ON DELETE CASCADE
);

CREATE UNIQUE INDEX recipient_endpoints_address
  ON notify.recipient_endpoints (project_id, channel, address_key, recipient_id);

-- A device is one recipient's: whoever signs in on it takes it over, so that nobody reads what is meant for the one before.
CREATE UNIQUE INDEX recipient_endpoints_device ON notify.recipient_endpoints (project_id, address_key) WHERE channel = 4;

-- Those that are gone are kept for a while, to be looked at.
CREATE INDEX recipient_endpoints_dead ON notify.recipient_endpoints (dead_time) WHERE dead_time IS NOT NULL;

-- What people subscribe to.
CREATE TABLE notify.topics (
  project_id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  description text NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, topic)
);

-- The keys see to it that nobody is a member of a topic that is being deleted, or is one after being deleted.
CREATE TABLE notify.topic_members (
  project_id uuid NOT NULL,
  topic text COLLATE "C" NOT NULL,
  recipient_id text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, topic, recipient_id),
  FOREIGN KEY (project_id, topic) REFERENCES notify.topics ON DELETE CASCADE,
  FOREIGN KEY (project_id, recipient_id) REFERENCES notify.recipients ON DELETE CASCADE
);

CREATE INDEX topic_members_recipient ON notify.topic_members (project_id, recipient_id);

-- Recipients by a rule: see src/segments/condition.ts. Nobody is written into a segment; who is in it is found when it is asked.
CREATE TABLE notify.segments (
  project_id uuid NOT NULL,
  segment text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  description text NOT NULL,
  rule jsonb NOT NULL,
  -- Grows with every change; the etag.
  revision integer NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, segment)
);

-- The messages of a notification that has several, in order; null: its one message follows it in notify.messages.
ALTER TABLE notify.notifications ADD COLUMN message_ids uuid[];
