-- Passwords, as hashes in the PHC string format. Hashes that were brought along from elsewhere are replaced at the first sign-in.
CREATE TABLE identity.passwords (
  project_id uuid NOT NULL,
  account_id uuid NOT NULL,
  hash text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, account_id),
  FOREIGN KEY (project_id, account_id) REFERENCES identity.accounts ON DELETE CASCADE
);
