-- What lists that name a mode, a class, a rare end or a provider account walk, so that a page costs its rows and not the
-- project's: see src/messages/list.ts. None is over a column that a delivery changes, so updates stay HOT.
--
-- An index on a partitioned table cannot be built concurrently. Built here, accepting waits for as long as it takes:
-- about a second a million messages.

-- Three small numbers in front of the id: a list of one mode is the newest of each class, merged.
-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX messages_kind ON notify.messages (project_id, live, class, message_id);

-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX messages_end ON notify.messages (project_id, exit_state, live, message_id) WHERE exit_state IS NOT NULL;

-- mainstay: allow drop-index-lock because a partitioned table drops no index concurrently
DROP INDEX notify.messages_exit;

-- Which messages an account was handed: the message itself knows only the last, in a column that deliveries change.
-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX delivery_attempts_account ON notify.delivery_attempts (project_id, provider_account_id, message_id);
