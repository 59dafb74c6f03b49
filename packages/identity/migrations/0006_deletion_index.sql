-- mainstay: no-transaction
-- Those that are to be deleted: few.
CREATE INDEX CONCURRENTLY IF NOT EXISTS accounts_to_delete ON identity.accounts (delete_due_time) WHERE delete_due_time IS NOT NULL;
