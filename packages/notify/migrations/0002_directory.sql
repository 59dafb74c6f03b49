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

-- Mail that the sandbox mailbox received.
CREATE TABLE notify.mails (
  project_id uuid NOT NULL,
  mail_id uuid NOT NULL,
  message_id uuid,
  from_address text NOT NULL,
  to_addresses text[] NOT NULL,
  subject text NOT NULL,
  text_body text NOT NULL,
  html_body text NOT NULL,
  headers jsonb NOT NULL,
  size_bytes integer NOT NULL,
  PRIMARY KEY (project_id, mail_id)
);
