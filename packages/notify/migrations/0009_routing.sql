-- Which account takes a message: what accounts may carry, what they cost, how they fare, and what may be spent.

-- What people decide about an account's part in routing: see src/routing/account-routing.ts.
ALTER TABLE notify.provider_accounts ADD COLUMN routing jsonb NOT NULL DEFAULT '{}';

-- Accounts that are given a rest, for all processes. A row is written when that changes, by one process: whoever finds the
-- epoch as it knew it. No row: the account has never been at rest.
CREATE TABLE notify.provider_breakers (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  -- Grows with every change.
  epoch bigint NOT NULL,
  -- 1 closed: takes messages; 2 open: takes none until `until_time`; 3 half open: `holder` sends one, to see.
  state smallint NOT NULL,
  -- How often it was opened in a row.
  times integer NOT NULL,
  until_time timestamptz NOT NULL,
  holder uuid,
  reason text NOT NULL,
  change_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, provider_account_id)
) WITH (fillfactor = 50);

-- Until when the messages that workers may send of their own accord use up an account's rate: the time line of GCRA (ITU-T
-- I.371). Unlogged: after a crash of the server the accounts begin anew, which costs a provider one second's messages.
CREATE UNLOGGED TABLE notify.provider_tokens (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  next_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, provider_account_id)
) WITH (fillfactor = 50);

-- What an account takes for a message, or for a segment of one. The longest prefix of the recipient's number wins, then
-- its country, then the row with neither.
CREATE TABLE notify.prices (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  -- ISO 3166-1 alpha-2; empty: any.
  country text COLLATE "C" NOT NULL,
  -- `+1415`; empty: none.
  prefix text COLLATE "C" NOT NULL,
  -- Millionths of the project's currency.
  price_micros bigint NOT NULL,
  PRIMARY KEY (project_id, provider_account_id, country, prefix)
);

-- What a project has decided about routing as a whole.
CREATE TABLE notify.routing_settings (
  project_id uuid PRIMARY KEY,
  -- ISO 4217, of its prices and caps; empty until the first is set.
  currency text NOT NULL DEFAULT '',
  -- The kill switch: nothing is sent.
  stopped boolean NOT NULL DEFAULT false,
  stop_reason text NOT NULL DEFAULT '',
  -- [{"channel","country","account","exclusive"}]
  pins jsonb NOT NULL DEFAULT '[]',
  update_time timestamptz NOT NULL
);

-- How much may be spent in a day (UTC), and how much of it is: one row is both, so that one lock holds the cap. A claim
-- writes it before its messages are sent; a definite refusal gives back. Several rows are locked in the order of the key.
CREATE TABLE notify.spend_caps (
  project_id uuid NOT NULL,
  -- Of the contract; 0: all of them.
  channel smallint NOT NULL,
  -- ISO 3166-1 alpha-2; empty: all of them.
  country text COLLATE "C" NOT NULL,
  daily_limit_micros bigint NOT NULL,
  -- The day that the two columns after it are about.
  day date NOT NULL DEFAULT '-infinity',
  spent_micros bigint NOT NULL DEFAULT 0,
  -- The highest alert of the day: 0, 80 or 100.
  alerted_percent smallint NOT NULL DEFAULT 0,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, channel, country)
) WITH (fillfactor = 50);

-- What became of accepted messages, by the hour in which they were accepted: made from the ledger every ten minutes, kept for
-- two days. What costs and rates are compared by.
CREATE TABLE notify.delivery_rates (
  project_id uuid NOT NULL,
  provider_account_id uuid NOT NULL,
  -- Of the recipient's number; empty where there is none.
  country text COLLATE "C" NOT NULL,
  hour timestamptz NOT NULL,
  accepted integer NOT NULL,
  delivered integer NOT NULL,
  -- Of these, one-time codes, and those that were used.
  codes integer NOT NULL,
  converted integer NOT NULL,
  PRIMARY KEY (project_id, provider_account_id, country, hour)
);

CREATE INDEX delivery_rates_hour ON notify.delivery_rates (hour);

-- Messages that did what they were sent for: a code that was typed in.
CREATE TABLE notify.conversions (
  project_id uuid NOT NULL,
  message_id uuid NOT NULL,
  PRIMARY KEY (project_id, message_id)
);

-- Its rows go with the messages' partitions.
CREATE INDEX conversions_age ON notify.conversions USING brin (message_id uuid_minmax_ops);
