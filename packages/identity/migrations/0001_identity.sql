-- People, what they sign in by, and where they are signed in. Rows of test and live never meet: `live` stands in every key
-- that a person is found by.
-- No code, no password and no token is stored here in a form that could be used: codes and refresh tokens are derived from
-- the row's id with a key that the database does not have.

CREATE SCHEMA IF NOT EXISTS identity;

-- The rules of a kind, where they differ from the defaults. `customer`, `driver` and `merchant` need no row.
CREATE TABLE identity.kinds (
  project_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  invite_only boolean NOT NULL,
  -- Of the contract's OtpChannel, in the order of preference.
  phone_channels smallint[] NOT NULL,
  email_refused boolean NOT NULL,
  -- Milliseconds.
  access_token_ttl_ms bigint NOT NULL,
  session_idle_ttl_ms bigint NOT NULL,
  session_ttl_ms bigint NOT NULL,
  sender_name text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, kind)
);

CREATE TABLE identity.clients (
  project_id uuid NOT NULL,
  -- Unique by itself as well: a public call names the app and nothing else.
  client_id uuid NOT NULL UNIQUE,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  audience text NOT NULL,
  web_otp_domain text NOT NULL,
  sms_retriever_hash text NOT NULL,
  disabled boolean NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, client_id)
);

-- Somebody, whatever kinds of account they have. Every account begins with a person of its own.
CREATE TABLE identity.people (
  project_id uuid NOT NULL,
  person_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, person_id)
);

CREATE TABLE identity.accounts (
  project_id uuid NOT NULL,
  account_id uuid NOT NULL,
  person_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  -- Of the contract's AccountState.
  state smallint NOT NULL,
  display_name text NOT NULL,
  locale text NOT NULL,
  attributes jsonb NOT NULL,
  -- Grows with every change; the etag.
  version bigint NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  last_sign_in_time timestamptz,
  ban_time timestamptz,
  ban_reason text NOT NULL DEFAULT '',
  delete_time timestamptz,
  PRIMARY KEY (project_id, account_id),
  FOREIGN KEY (project_id, person_id) REFERENCES identity.people
) WITH (fillfactor = 80);

CREATE INDEX accounts_by_kind ON identity.accounts (project_id, live, kind, account_id DESC);
CREATE INDEX accounts_by_person ON identity.accounts (project_id, person_id);

-- One value belongs to one account of a kind: the key says so, whatever happens at the same time.
CREATE TABLE identity.identifiers (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  -- Of the contract's IdentifierType.
  type smallint NOT NULL,
  -- In its canonical form.
  value text COLLATE "C" NOT NULL,
  account_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  verify_time timestamptz,
  PRIMARY KEY (project_id, live, kind, type, value),
  FOREIGN KEY (project_id, account_id) REFERENCES identity.accounts
);

CREATE INDEX identifiers_by_account ON identity.identifiers (project_id, account_id);

-- A code under way. The code itself is HMAC(key, challenge_id), and stands nowhere: a resend sends the same one.
CREATE TABLE identity.otp_challenges (
  project_id uuid NOT NULL,
  challenge_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  client_id uuid NOT NULL,
  purpose smallint NOT NULL,
  type smallint NOT NULL,
  value text COLLATE "C" NOT NULL,
  -- Ten letters and digits instead of six digits: nobody guesses it, so no budget applies.
  long_code boolean NOT NULL,
  -- No code was sent and none is right: the person has no account, and none may be made.
  decoy boolean NOT NULL,
  -- The known device that asked, or null.
  device_id uuid,
  channel smallint NOT NULL,
  locale text NOT NULL,
  sends smallint NOT NULL,
  checks smallint NOT NULL,
  create_time timestamptz NOT NULL,
  send_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- When the right code came.
  end_time timestamptz,
  PRIMARY KEY (project_id, challenge_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX otp_challenges_expire ON identity.otp_challenges USING brin (expire_time) WITH (autosummarize = on);

-- Wrong codes for an identifier, whatever challenge they were tried on: a resend or a new challenge resets nothing. A device
-- that the person has signed in on counts for itself, so that guessing from elsewhere does not keep them out.
CREATE TABLE identity.guess_budgets (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  type smallint NOT NULL,
  value text COLLATE "C" NOT NULL,
  -- The nil uuid for all devices that are not known.
  device_id uuid NOT NULL,
  failures integer NOT NULL,
  window_start_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, kind, type, value, device_id)
);

CREATE INDEX guess_budgets_window ON identity.guess_budgets USING brin (window_start_time) WITH (autosummarize = on);

CREATE TABLE identity.sessions (
  project_id uuid NOT NULL,
  session_id uuid NOT NULL,
  live boolean NOT NULL,
  account_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  client_id uuid NOT NULL,
  -- The number of the newest refresh token, which is HMAC(key, session and number): there is one row a session, however
  -- often it is refreshed.
  generation integer NOT NULL,
  rotate_time timestamptz NOT NULL,
  methods text[] NOT NULL,
  device text NOT NULL,
  user_agent text NOT NULL,
  client_address text NOT NULL,
  create_time timestamptz NOT NULL,
  -- When the person last proved who they are.
  auth_time timestamptz NOT NULL,
  last_use_time timestamptz NOT NULL,
  idle_expire_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  end_time timestamptz,
  end_reason text COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (project_id, session_id),
  FOREIGN KEY (project_id, account_id) REFERENCES identity.accounts
) WITH (fillfactor = 70);

CREATE INDEX sessions_by_account ON identity.sessions (project_id, account_id, session_id DESC);

-- Sessions that ended while access tokens of theirs may still be good. Processes read what is new several times a second;
-- transactions that were open at the last reading are found by their ids, so that none is missed.
CREATE TABLE identity.session_ends (
  project_id uuid NOT NULL,
  session_id uuid NOT NULL,
  end_time timestamptz NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (project_id, session_id)
);

CREATE INDEX session_ends_by_transaction ON identity.session_ends (transaction_id);

-- The keys that access tokens are signed with. Published before they sign, and after, for as long as a token may be good.
CREATE TABLE identity.signing_keys (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  -- Counts up from 1: two processes that make the next one at the same time make one.
  sequence integer NOT NULL,
  -- The RFC 7638 thumbprint.
  key_id text COLLATE "C" NOT NULL,
  public_jwk jsonb NOT NULL,
  -- Sealed.
  private_jwk bytea NOT NULL,
  create_time timestamptz NOT NULL,
  -- From when on it signs, until the next one does.
  sign_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, sequence)
);
