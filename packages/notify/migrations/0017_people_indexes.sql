-- mainstay: no-transaction
-- What lists of recipients and the rules of segments walk: see src/recipients/list.ts and src/segments/condition.ts.

-- A beginning of an id, an email address or a name. The primary key's own order is that of the database's language, which no
-- beginning can be looked up in.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recipients_id_text ON notify.recipients (project_id, recipient_id text_pattern_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS recipients_email_text
  ON notify.recipients (project_id, lower(email) text_pattern_ops) WHERE email IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recipients_name_text
  ON notify.recipients (project_id, lower(display_name) text_pattern_ops) WHERE display_name IS NOT NULL;

-- Attributes by what they contain.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recipients_attributes ON notify.recipients USING gin (attributes jsonb_path_ops);
