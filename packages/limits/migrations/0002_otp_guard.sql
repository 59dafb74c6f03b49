-- What the guard of one-time codes goes by. Nothing personal stands here: recipients and devices are keyed hashes, addresses are
-- networks, and of numbers there are the first seven digits.

-- How a project's rules differ from the defaults.
CREATE TABLE limits.otp_rules (
  project_id uuid PRIMARY KEY,
  -- As the contract's OtpRules, in JSON.
  rules jsonb NOT NULL,
  update_time timestamptz NOT NULL
);

-- What became of codes, by ten minutes, for each country and number prefix. Processes add what they counted once a second.
CREATE TABLE limits.otp_counts (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  bucket_time timestamptz NOT NULL,
  country text COLLATE "C" NOT NULL,
  prefix text COLLATE "C" NOT NULL,
  sent bigint NOT NULL,
  verified bigint NOT NULL,
  challenged bigint NOT NULL,
  denied bigint NOT NULL,
  -- Millionths of the project's currency.
  spent_micros bigint NOT NULL,
  PRIMARY KEY (project_id, live, bucket_time, country, prefix)
) WITH (fillfactor = 70);

-- Who was seen with whom lately: the countries that one address asked for, the numbers of one block of a hundred, used proofs.
CREATE TABLE limits.otp_members (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  member text COLLATE "C" NOT NULL,
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, scope, key, member)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX otp_members_expire ON limits.otp_members USING brin (expire_time) WITH (autosummarize = on);

-- Why codes were not sent, or would not have been. Append-only; kept for 30 days.
CREATE TABLE limits.otp_decisions (
  project_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  country text COLLATE "C" NOT NULL,
  prefix text COLLATE "C" NOT NULL,
  network text COLLATE "C" NOT NULL,
  -- allow, challenge or deny.
  verdict text COLLATE "C" NOT NULL,
  -- [{rule, mode, action, value, threshold}], those that fired.
  fired jsonb NOT NULL,
  PRIMARY KEY (project_id, decision_id)
);
