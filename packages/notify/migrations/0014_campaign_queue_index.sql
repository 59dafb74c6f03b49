-- mainstay: no-transaction
-- What of a campaign waits: a paused one's rows, those to be cancelled, and how far it is ahead of its delivery.
CREATE INDEX CONCURRENTLY IF NOT EXISTS delivery_queue_campaign
  ON notify.delivery_queue (project_id, campaign_id, lane, due_time) WHERE campaign_id IS NOT NULL;
