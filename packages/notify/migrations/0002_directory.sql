-- What messages are made from and handed to.

CREATE TABLE notify.recipients (
  project_id uuid NOT NULL,
  recipient_id text NOT NULL,
  email text,
  display_name text,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, recipient_id)
);

-- Versions never change; a new one is a new row.
CREATE TABLE notify.templates (
  project_id uuid NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  subject text NOT NULL,
  text_body text NOT NULL,
  html_body text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, name, version)
);

CREATE TABLE notify.provider_accounts (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  -- Grows with every change; the etag.
  revision integer NOT NULL,
  -- Who made it: `api`, `default` (the sandbox that every project has) or `settings` (from NOTIFY_SMTP_URL).
  origin text NOT NULL,
  display_name text NOT NULL,
  channel smallint NOT NULL,
  kind text NOT NULL,
  -- Everything but the credentials.
  config jsonb NOT NULL,
  -- The credentials, sealed with the master key; null when there are none.
  sealed_secret bytea,
  sender text NOT NULL,
  enabled boolean NOT NULL,
  test boolean NOT NULL,
  priority integer NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, provider_account_id)
);

-- Processes that start at once make the program's own accounts once.
CREATE UNIQUE INDEX provider_accounts_origin ON notify.provider_accounts (project_id, origin) WHERE origin <> 'api';

-- Mail that the sandbox mailbox received: the newest NOTIFY_MAILBOX_KEEP of each project. When it came in is in its id.
CREATE TABLE notify.mails (
  project_id uuid NOT NULL,
  mail_id uuid NOT NULL,
  -- Null: it was not sent by Mainstay.
  message_id uuid,
  from_address text NOT NULL,
  to_addresses text[] NOT NULL,
  subject text NOT NULL,
  -- The first words of the text, kept apart so that lists do not read whole bodies.
  snippet text NOT NULL,
  text_body text NOT NULL,
  html_body text NOT NULL,
  -- [{"name","value"}] in the order they came.
  headers json NOT NULL,
  size_bytes integer NOT NULL,
  PRIMARY KEY (project_id, mail_id)
);
