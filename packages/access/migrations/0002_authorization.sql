-- Roles and policies of projects, by which they let their own people do things.

CREATE TABLE access.permissions (
  project_id uuid NOT NULL,
  permission text COLLATE "C" NOT NULL,
  description text NOT NULL,
  PRIMARY KEY (project_id, permission)
);

CREATE TABLE access.roles (
  project_id uuid NOT NULL,
  role text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  permissions text[] NOT NULL,
  version integer NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, role)
);

-- What each role was. Append-only: a version never changes.
CREATE TABLE access.role_versions (
  project_id uuid NOT NULL,
  role text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  permissions text[] NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, role, version, create_time)
);

CREATE TABLE access.role_assignments (
  project_id uuid NOT NULL,
  subject text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  -- `type/id`; empty: everywhere.
  resource text COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL,
  expire_time timestamptz,
  PRIMARY KEY (project_id, subject, role, resource),
  FOREIGN KEY (project_id, role) REFERENCES access.roles ON DELETE CASCADE
);

CREATE INDEX role_assignments_by_role ON access.role_assignments (project_id, role);

-- Append-only: a version never changes.
CREATE TABLE access.policies (
  project_id uuid NOT NULL,
  policy text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  text text NOT NULL,
  -- The actions that it is about; null: any.
  actions text[],
  -- As the contract's PolicyExample, in JSON.
  examples jsonb NOT NULL,
  actor text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, policy, version)
);

-- Which versions count; 0: none.
CREATE TABLE access.policy_modes (
  project_id uuid NOT NULL,
  policy text COLLATE "C" NOT NULL,
  active_version integer NOT NULL,
  shadow_version integer NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, policy)
);

CREATE TABLE access.policy_schemas (
  project_id uuid PRIMARY KEY,
  text text NOT NULL,
  update_time timestamptz NOT NULL
);

-- Decisions that would have been others. Kept for 30 days.
CREATE TABLE access.shadow_results (
  project_id uuid NOT NULL,
  result_id uuid NOT NULL,
  subject text NOT NULL,
  action text NOT NULL,
  resource text NOT NULL,
  allowed boolean NOT NULL,
  shadow_allowed boolean NOT NULL,
  policies text[] NOT NULL,
  PRIMARY KEY (project_id, result_id)
);
