-- When an account is to be deleted; null when nobody has asked for it.
ALTER TABLE identity.accounts ADD COLUMN delete_due_time timestamptz;
