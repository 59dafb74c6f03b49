-- What providers tell about messages that they took, and the addresses that are not to be written to any more.

-- A provider that reports names the account alone.
-- mainstay: allow index-lock because an installation has hundreds of accounts at the most
CREATE INDEX provider_accounts_id ON notify.provider_accounts (provider_account_id);

-- Which message a provider means by an id of its own. Built here, recording waits for as long as it takes: about a second a
-- million attempts.
-- mainstay: allow index-lock because a partitioned table takes no index concurrently
CREATE INDEX delivery_attempts_provider_id
  ON notify.delivery_attempts (project_id, provider_account_id, provider_message_id)
  WHERE provider_message_id IS NOT NULL;

-- Reports as they came, for a few days: to look at when what was read from them seems wrong. When it came is in its id.
CREATE TABLE notify.provider_reports (
  project_id uuid NOT NULL,
  report_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (project_id, report_id)
);

CREATE INDEX provider_reports_age ON notify.provider_reports USING brin (report_id uuid_minmax_ops);

-- One row per event, however often it is reported: the unique key that makes its effects happen once. Rows live as long as
-- the ledger keeps messages.
CREATE TABLE notify.provider_events (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  -- The provider's own, or a hash of it where it is long.
  event_id text COLLATE "C" NOT NULL,
  -- The report that first told of it.
  report_id uuid NOT NULL,
  -- 1 sent, 2 failed, 3 delivered, 4 bounced, 5 complained, 6 read, 7 unsubscribed, 8 opened, 9 clicked
  kind smallint NOT NULL,
  -- As the provider tells it.
  event_time timestamptz NOT NULL,
  receive_time timestamptz NOT NULL,
  -- The message that the event names; to be believed once an attempt at it by this account is found.
  named_message_id uuid,
  provider_message_id text,
  detail text NOT NULL,
  -- The message it is about; null while that is not known.
  message_id uuid,
  -- When to look again for what it is about: the attempt may not have been recorded yet. Null: its effects are done, or it is
  -- about no message of ours.
  wait_time timestamptz,
  PRIMARY KEY (project_id, provider_account_id, event_id)
);

CREATE INDEX provider_events_waiting ON notify.provider_events (wait_time) WHERE wait_time IS NOT NULL;
CREATE INDEX provider_events_age ON notify.provider_events USING brin (report_id uuid_minmax_ops);

-- Addresses that nothing is sent to. One row per reason, so that none hides another.
CREATE TABLE notify.suppressions (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  channel smallint NOT NULL,
  -- See notify.address_key.
  address_key text COLLATE "C" NOT NULL,
  -- 1 bounced, 2 complained, 3 unsubscribed, 4 manual
  reason smallint NOT NULL,
  suppression_id uuid NOT NULL,
  address text NOT NULL,
  -- The provider's words, or those of whoever made it.
  detail text NOT NULL,
  -- `provider`, or the id of a key or an operator.
  actor text NOT NULL,
  provider_account_id uuid,
  message_id uuid,
  create_time timestamptz NOT NULL,
  -- Null: for good.
  expire_time timestamptz,
  PRIMARY KEY (project_id, live, channel, address_key, reason)
);

CREATE UNIQUE INDEX suppressions_id ON notify.suppressions (project_id, suppression_id);

-- What an address is looked up by: an email address in lower case, since no provider tells mailboxes apart by case; a long
-- one, such as a browser's push subscription, by its hash, since an index holds no more than 2,700 bytes.
CREATE FUNCTION notify.address_key(channel smallint, address text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN CASE
    WHEN octet_length(address) > 512 THEN encode(sha256(convert_to(address, 'UTF8')), 'hex')
    WHEN channel = 1 THEN lower(address COLLATE "C")
    ELSE address
  END;

-- Which of these messages are not to be sent, by their place in the arrays, and why. One call a batch. A one-time code is not
-- kept from somebody who unsubscribed. The settings make it walk the index whatever the table's size was when its plan was
-- made.
CREATE FUNCTION notify.find_suppressed(
  project_ids uuid[], lives boolean[], channels smallint[], addresses text[], classes smallint[]
) RETURNS TABLE (place bigint, reason smallint) LANGUAGE plpgsql STABLE ROWS 1
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
  RETURN QUERY
    SELECT a.place, min(s.reason)
    FROM unnest(project_ids, lives, channels, addresses, classes) WITH ORDINALITY
      AS a (project_id, live, channel, address, class, place)
    JOIN notify.suppressions s ON s.project_id = a.project_id AND s.live = a.live AND s.channel = a.channel
      AND s.address_key = notify.address_key(a.channel, a.address)
    WHERE (s.expire_time IS NULL OR s.expire_time > now()) AND (a.class <> 1 OR s.reason <> 3)
    GROUP BY a.place;
END
$$;
