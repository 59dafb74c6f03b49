-- How often something was done: one row a limit and key, while its window lasts.

CREATE SCHEMA IF NOT EXISTS limits;

-- Unlogged: a crash of the database forgets the counts, and with them at most one window's worth of calls; writing them ahead
-- would cost every call a commit to disk.
-- mainstay: allow project-key because a key is a hash that holds the project where there is one, and calls by address have none
CREATE UNLOGGED TABLE limits.counters (
  key text COLLATE "C" PRIMARY KEY,
  -- GCRA: the theoretical arrival time, in milliseconds. A window: what was taken in it.
  value double precision NOT NULL,
  -- When the row is as good as none, in milliseconds since 1970. A window: when it ends.
  expire_ms double precision NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX counters_expire ON limits.counters USING brin (expire_ms) WITH (autosummarize = on);

-- Answers groups of takes one after another. A group takes from all of its limits, or from none when one that is enforced
-- refuses. Every row of all groups is locked first, in the order of the keys, so that calls at the same time wait for one another
-- and never in a circle. Answers what each limit says, in the order asked.
-- algorithm 1: GCRA (a: milliseconds between two of cost 1; b: how many milliseconds a burst may be ahead).
-- algorithm 2: a window (a: most in it; b: its length in milliseconds).
CREATE FUNCTION limits.take(
  groups integer[], keys text[], algorithms smallint[], a double precision[], b double precision[], costs double precision[],
  enforced boolean[], now_ms double precision[]
) RETURNS TABLE (allowed boolean, value double precision, expire_ms double precision)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  many integer := cardinality(keys);
  -- What is stored, by key; what changed is written once, at the end.
  stored_keys text[];
  stored_values double precision[];
  stored_expires double precision[];
  places integer[];
  changed boolean[];
  values_after double precision[] := array_fill(0::double precision, ARRAY[many]);
  expires_after double precision[] := array_fill(0::double precision, ARRAY[many]);
  allows boolean[] := array_fill(true, ARRAY[many]);
  all_allow boolean;
  first integer := 1;
  last integer;
  at integer;
  now double precision;
BEGIN
  INSERT INTO limits.counters AS c (key, value, expire_ms)
  SELECT wanted.key, 0, 0 FROM (SELECT DISTINCT unnest(keys) AS key) wanted
  WHERE NOT EXISTS (SELECT FROM limits.counters k WHERE k.key = wanted.key)
  ORDER BY wanted.key ON CONFLICT (key) DO NOTHING;
  SELECT array_agg(l.key ORDER BY l.key), array_agg(l.value ORDER BY l.key), array_agg(l.expire_ms ORDER BY l.key)
  INTO stored_keys, stored_values, stored_expires
  FROM (SELECT c.key, c.value, c.expire_ms FROM limits.counters c WHERE c.key = ANY (keys) ORDER BY c.key FOR UPDATE) l;
  changed := array_fill(false, ARRAY[cardinality(stored_keys)]);
  SELECT array_agg(array_position(stored_keys, k.key) ORDER BY k.n) INTO places
  FROM unnest(keys) WITH ORDINALITY AS k (key, n);

  WHILE first <= many LOOP
    last := first;
    WHILE last < many AND groups[last + 1] = groups[first] LOOP last := last + 1; END LOOP;
    all_allow := true;
    FOR i IN first..last LOOP
      at := places[i];
      now := now_ms[i];
      IF stored_expires[at] <= now THEN
        stored_values[at] := 0;
        stored_expires[at] := 0;
      END IF;
      IF algorithms[i] = 1 THEN
        values_after[i] := greatest(stored_values[at], now) + a[i] * costs[i];
        allows[i] := values_after[i] - b[i] <= now;
        expires_after[i] := values_after[i];
      ELSE
        values_after[i] := stored_values[at] + costs[i];
        allows[i] := values_after[i] <= a[i];
        expires_after[i] := CASE WHEN stored_expires[at] = 0 THEN now + b[i] ELSE stored_expires[at] END;
      END IF;
      all_allow := all_allow AND (allows[i] OR NOT enforced[i]);
    END LOOP;
    FOR i IN first..last LOOP
      at := places[i];
      IF all_allow AND allows[i] THEN
        stored_values[at] := values_after[i];
        stored_expires[at] := expires_after[i];
        changed[at] := true;
      END IF;
      allowed := allows[i];
      value := stored_values[at];
      expire_ms := stored_expires[at];
      RETURN NEXT;
    END LOOP;
    first := last + 1;
  END LOOP;

  UPDATE limits.counters c SET value = s.value, expire_ms = s.expire_ms
  FROM unnest(stored_keys, stored_values, stored_expires, changed) AS s (key, value, expire_ms, changed)
  WHERE s.changed AND c.key = s.key;
END
$$;
