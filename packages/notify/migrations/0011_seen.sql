-- What recipients do with messages: when they first saw one, and when they first followed a link in it.

-- Set once: the first time is kept, whatever is told later.
ALTER TABLE notify.messages ADD COLUMN seen_time timestamptz, ADD COLUMN click_time timestamptz;

-- What a project wants to know of that. No row: nothing.
CREATE TABLE notify.tracking_settings (
  project_id uuid PRIMARY KEY,
  track_opens boolean NOT NULL DEFAULT false,
  track_clicks boolean NOT NULL DEFAULT false,
  update_time timestamptz NOT NULL
);
