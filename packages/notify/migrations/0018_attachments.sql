-- Files that travel with emails.

-- Each file once a project, by its hash: a campaign's logo is one row. Contents of notifications name them. Stored before the
-- notification, in a commit of its own; a notification that then fails leaves a row that nobody names, until its time is up.
CREATE TABLE notify.attachments (
  project_id uuid NOT NULL,
  -- SHA-256
  hash bytea NOT NULL,
  content bytea NOT NULL,
  -- The latest end of what the ledger keeps of messages with it.
  keep_until timestamptz NOT NULL,
  PRIMARY KEY (project_id, hash)
);

-- Files are mostly compressed by themselves.
ALTER TABLE notify.attachments ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE INDEX attachments_end ON notify.attachments (keep_until);

-- What came with the mails of the sandbox mailbox; it goes with them.
CREATE TABLE notify.mail_attachments (
  project_id uuid NOT NULL,
  mail_id uuid NOT NULL,
  -- From 1 on.
  place smallint NOT NULL,
  file_name text NOT NULL,
  content_type text NOT NULL,
  -- Without its brackets; empty: none.
  content_id text NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (project_id, mail_id, place),
  FOREIGN KEY (project_id, mail_id) REFERENCES notify.mails ON DELETE CASCADE
);
