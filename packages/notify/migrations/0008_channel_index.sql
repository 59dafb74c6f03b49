-- What a list of one channel walks, see src/messages/list.ts. Channels and classes go together (one-time codes are text
-- messages), so a walk by class may find none of a channel: 640 ms among 500,000 messages, 3 ms by this index.
--
-- Email is left out: accepting it writes nothing here, and where there is little of it, the newest rows hold the rest.
-- No delivery changes a channel, so updates stay HOT.

-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX messages_channel ON notify.messages (project_id, channel, live, message_id) WHERE channel <> 1;
