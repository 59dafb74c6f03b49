-- mainstay: no-transaction
-- How accounts are found, and the history of one.

-- By how a name or an identifier begins.
CREATE INDEX CONCURRENTLY IF NOT EXISTS accounts_by_name ON identity.accounts (project_id, live, lower(display_name) text_pattern_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS identifiers_by_value ON identity.identifiers (project_id, live, value);
-- The history of one account and its sessions.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_entries_by_resource ON access.audit_entries (project_id, resource, audit_entry_id DESC);
