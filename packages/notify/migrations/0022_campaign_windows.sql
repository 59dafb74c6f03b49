-- What waits in the queue when the hours of its campaign end is put off until they begin again: see src/campaigns/window-store.ts.
-- The zone that the hours are reckoned in, and when they end; null where a message has none. Meanwhile it waits in lane 5, which no
-- worker picks from.
ALTER TABLE notify.delivery_queue ADD COLUMN window_timezone text;
ALTER TABLE notify.delivery_queue ADD COLUMN window_close timestamptz;
