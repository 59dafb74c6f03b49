-- Who may call: projects, API keys, operators and their sessions; what was changed by whom; and idempotency keys.
-- No secret is stored anywhere here: keys, links and sessions are SHA-256 of 256-bit random secrets, which needs no salt
-- and no slow hash, because there is nothing to guess.

CREATE SCHEMA IF NOT EXISTS access;

CREATE TABLE access.projects (
  project_id uuid PRIMARY KEY,
  slug text COLLATE "C" NOT NULL UNIQUE,
  display_name text NOT NULL,
  create_time timestamptz NOT NULL
);

CREATE TABLE access.api_keys (
  project_id uuid NOT NULL REFERENCES access.projects,
  api_key_id uuid NOT NULL,
  -- The part of the key that may be seen; the only way in from a request, which does not know its project yet.
  public_id text COLLATE "C" NOT NULL UNIQUE,
  secret_hash bytea NOT NULL,
  live boolean NOT NULL,
  display_name text NOT NULL,
  scopes text[] NOT NULL,
  create_time timestamptz NOT NULL,
  expire_time timestamptz,
  last_use_time timestamptz,
  revoke_time timestamptz,
  PRIMARY KEY (project_id, api_key_id)
) WITH (fillfactor = 80);

-- Grows by one with every change that a cached key must not outlive. Processes compare it several times a second while
-- they serve cached keys, so a revocation is seen within a second even where its notification is lost.
-- mainstay: allow project-key because the one row is about all projects' keys together
CREATE TABLE access.key_revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  revision bigint NOT NULL
);
INSERT INTO access.key_revision (revision) VALUES (1);

-- mainstay: allow project-key because operators run the whole installation, across projects
CREATE TABLE access.operators (
  operator_id uuid PRIMARY KEY,
  display_name text NOT NULL,
  -- Granted permissions; `*` and `capability.*` are wildcards.
  permissions text[] NOT NULL,
  create_time timestamptz NOT NULL
);

-- mainstay: allow project-key because a link signs an operator in, and operators have no project
CREATE TABLE access.sign_in_links (
  token_hash bytea PRIMARY KEY,
  operator_id uuid NOT NULL REFERENCES access.operators,
  create_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  -- Set by the one exchange that wins.
  use_time timestamptz
);

-- mainstay: allow project-key because a session is an operator's, and operators have no project
CREATE TABLE access.sessions (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL,
  operator_id uuid NOT NULL REFERENCES access.operators,
  create_time timestamptz NOT NULL,
  -- The absolute end. A session idle for too long ends earlier, by last_use_time.
  expire_time timestamptz NOT NULL,
  last_use_time timestamptz NOT NULL
) WITH (fillfactor = 80);

-- Append-only. Entries that belong to no project (sign-ins) have the nil project, so that the key stays whole.
CREATE TABLE access.audit_entries (
  project_id uuid NOT NULL,
  audit_entry_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  resource text NOT NULL,
  request_id text NOT NULL,
  PRIMARY KEY (project_id, audit_entry_id)
);

-- One row per idempotency key of the last 24 hours. It is not partitioned: a partitioned table cannot hold the unique
-- constraint unless the day is part of it, and then a key is not unique across midnight. So expired rows are deleted in
-- batches (jobs call sweep()), found by a BRIN index, which costs next to nothing at insert because rows arrive in the
-- order they expire. The fill factor leaves room for the answer that is written next to its row (a HOT update).
CREATE TABLE access.idempotency_keys (
  -- The nil project for calls that belong to none.
  project_id uuid NOT NULL,
  -- Test and live keys never meet: a live call must not be answered by what a test call did.
  live boolean NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  method text COLLATE "C" NOT NULL,
  -- SHA-256 of the canonical request.
  request_hash bytea NOT NULL,
  -- The first answer, sealed (it may hold personal data, and a new API key's secret); null only while its call runs.
  -- A method that writes its own rows (notify's accept) decides what it keeps here.
  response bytea,
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, idempotency_key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX idempotency_keys_expire ON access.idempotency_keys USING brin (expire_time) WITH (autosummarize = on);
