-- Notifications that applications on the same database enqueue in their own transactions.

CREATE SCHEMA IF NOT EXISTS mainstay;

-- A row lives until it is accepted as a notification; one that can never be stays, with what is wrong with it.
CREATE TABLE notify.enqueued (
  project_id uuid NOT NULL,
  enqueued_id uuid NOT NULL,
  live boolean NOT NULL,
  -- A SendNotificationRequest as JSON.
  request json NOT NULL,
  -- The role that enqueued it.
  actor text NOT NULL,
  create_time timestamptz NOT NULL DEFAULT now(),
  due_time timestamptz NOT NULL DEFAULT now(),
  tries integer NOT NULL DEFAULT 0,
  -- Why it can never be accepted; null while it can.
  error_reason text,
  error_detail text,
  PRIMARY KEY (project_id, enqueued_id)
);

CREATE INDEX enqueued_due ON notify.enqueued (due_time) WHERE error_reason IS NULL;

-- Enqueues a notification: it exists if and only if the caller's transaction commits. `request` is what the API takes at
-- POST /v1/notifications. What can be seen here is refused here, in the caller's transaction; the rest is in
-- mainstay.enqueue_failures.
--
-- Runs with its owner's rights, so that an application's role needs none on our tables: GRANT USAGE ON SCHEMA mainstay and
-- EXECUTE on this function are all.
CREATE FUNCTION mainstay.enqueue(project text, request jsonb, live boolean DEFAULT true) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner uuid;
  random text := replace(gen_random_uuid()::text, '-', '');
  made uuid;
BEGIN
  SELECT p.project_id INTO owner FROM access.projects p WHERE p.slug = project;
  IF owner IS NULL THEN
    RAISE EXCEPTION 'mainstay.enqueue: there is no project "%"', project
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The first argument is a project''s slug, for example default.';
  END IF;
  IF jsonb_typeof(request) IS DISTINCT FROM 'object' OR NOT request ? 'to' THEN
    RAISE EXCEPTION 'mainstay.enqueue: the request must be an object with "to" and a content'
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'For example {"to":{"email":"ada@example.com"},"email":{"subject":"Hello","text":"It works."}}.';
  END IF;
  IF octet_length(request::text) > 2097152 THEN
    RAISE EXCEPTION 'mainstay.enqueue: the request is larger than 2 MiB' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  -- A UUID of version 7 (RFC 9562 §5.7), which PostgreSQL makes itself from 18 on only.
  made := (lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(random, 14, 19))::uuid;
  INSERT INTO notify.enqueued (project_id, enqueued_id, live, request, actor)
  VALUES (owner, made, live, request::json, session_user);
  PERFORM pg_notify('notify_enqueued', '');
  RETURN made;
END
$$;

-- Tries a failed one again, for example after its template was made. False when there is no such one.
CREATE FUNCTION mainstay.enqueue_again(id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE notify.enqueued SET error_reason = NULL, error_detail = NULL, due_time = now(), tries = 0
  WHERE enqueued_id = id AND error_reason IS NOT NULL;
  IF FOUND THEN
    PERFORM pg_notify('notify_enqueued', '');
  END IF;
  RETURN FOUND;
END
$$;

REVOKE ALL ON FUNCTION mainstay.enqueue(text, jsonb, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION mainstay.enqueue_again(uuid) FROM PUBLIC;

-- What was enqueued and can never be accepted, and why.
CREATE VIEW mainstay.enqueue_failures AS
  SELECT p.slug AS project, e.enqueued_id AS id, e.live, e.request, e.actor, e.create_time, e.error_reason AS reason,
    e.error_detail AS detail
  FROM notify.enqueued e JOIN access.projects p USING (project_id)
  WHERE e.error_reason IS NOT NULL;
