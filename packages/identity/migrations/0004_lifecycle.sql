-- What happens to accounts after they were made, and where those from elsewhere come from.

-- It signs in by nothing yet.
ALTER TABLE identity.accounts ADD COLUMN anonymous boolean NOT NULL DEFAULT false;

-- The account that the code is for, where it adds something to one.
ALTER TABLE identity.otp_challenges ADD COLUMN account_id uuid;

-- The operator who acts as the account, why, and whether they may only read. Empty: the session is the owner's own.
ALTER TABLE identity.sessions ADD COLUMN impersonator text NOT NULL DEFAULT '';
ALTER TABLE identity.sessions ADD COLUMN impersonation_reason text NOT NULL DEFAULT '';
ALTER TABLE identity.sessions ADD COLUMN read_only boolean NOT NULL DEFAULT false;

-- What an imported account was called where it comes from: a row that comes again is the same account.
CREATE TABLE identity.external_ids (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  -- `auth0`, `keycloak`, `firebase`, `cognito`.
  source text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  account_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, kind, source, external_id),
  FOREIGN KEY (project_id, account_id) REFERENCES identity.accounts
);

CREATE INDEX external_ids_by_account ON identity.external_ids (project_id, account_id);

-- Hashes of passwords as other products made them, until their owners sign in and get one of ours. Removed with the account's data.
CREATE TABLE identity.imported_passwords (
  project_id uuid NOT NULL,
  account_id uuid NOT NULL,
  -- `bcrypt`, `argon2`, `pbkdf2`, `firebase-scrypt`.
  scheme text COLLATE "C" NOT NULL,
  -- As the source writes it.
  hash text NOT NULL,
  -- What the hash does not say itself: salt, rounds, digest, length. The signer key of Firebase stands in `sealed`.
  parameters jsonb NOT NULL,
  -- Sealed, or empty.
  sealed bytea NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, account_id),
  FOREIGN KEY (project_id, account_id) REFERENCES identity.accounts
);
