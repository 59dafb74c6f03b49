-- What a person wants, and when: categories, preferences, quiet hours, frequency caps. notify.admit decides for a batch of
-- messages what is not sent and what is sent later.

-- What messages are about, as people know it: "Offers", "Order updates".
CREATE TABLE notify.categories (
  project_id uuid NOT NULL,
  category text COLLATE "C" NOT NULL,
  display_name text NOT NULL,
  description text NOT NULL,
  -- People cannot switch it off.
  mandatory boolean NOT NULL,
  -- The channels on which it is off until a person switches it on.
  off_channels smallint[] NOT NULL DEFAULT '{}',
  -- Whether its messages wait for the end of quiet hours.
  quiet_hours boolean NOT NULL,
  -- Most messages for one person in a day and in a week; 0: no limit.
  day_cap integer NOT NULL DEFAULT 0,
  week_cap integer NOT NULL DEFAULT 0,
  -- Grows with every change; the etag.
  revision integer NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, category)
);

-- A project's quiet hours and the caps over all its categories. A project without a row has neither, which is what messages
-- without a category ask first: hence setting anybody's own quiet hours makes the row.
CREATE TABLE notify.contact_settings (
  project_id uuid PRIMARY KEY,
  -- Of recipients whose own is not known; IANA.
  timezone text NOT NULL DEFAULT 'UTC',
  -- [{"start","end","days"}]: minutes after midnight, and the days of the week (1 Monday … 7 Sunday) on which it begins; none: all.
  quiet_windows jsonb NOT NULL DEFAULT '[]',
  -- Classes that do not wait, besides one-time codes.
  quiet_exempt_classes smallint[] NOT NULL DEFAULT '{}',
  day_cap integer NOT NULL DEFAULT 0,
  week_cap integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 0,
  update_time timestamptz NOT NULL
);

-- What a person decided. The most specific row counts: of the category and channel, of the category (channel 0), of the channel
-- (category ''), of everything ('' and 0); then the category's default. A category that is deleted keeps them, so that making
-- it anew subscribes nobody again.
CREATE TABLE notify.preferences (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL,
  channel smallint NOT NULL,
  enabled boolean NOT NULL,
  -- Who said so: `recipient` by a link, or the id of a key or an operator.
  actor text NOT NULL,
  -- How: 1 by the API or console, 2 on the preference page, 3 by one-click unsubscribe.
  source smallint NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, recipient_id, category, channel)
);

-- A person's own quiet hours, instead of the project's.
CREATE TABLE notify.recipient_quiet_hours (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  -- As in contact_settings; []: none.
  windows jsonb NOT NULL,
  actor text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, live, recipient_id)
);

-- How many messages of a category with a cap (of all of them: category '') a person gets, as one local date a message. Dates go
-- when a week has passed, so that a row stays as small as the cap. Its lock is what holds the cap.
CREATE TABLE notify.frequency_counts (
  project_id uuid NOT NULL,
  live boolean NOT NULL,
  recipient_id text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL,
  days date[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (project_id, live, recipient_id, category)
) WITH (fillfactor = 70);

ALTER TABLE notify.messages ADD COLUMN category text COLLATE "C";

-- The zone, or the other one where PostgreSQL does not know it: one person's odd zone must not fail a batch.
CREATE FUNCTION notify.known_zone(zone text, otherwise text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF zone IS NULL OR zone = '' THEN
    RETURN otherwise;
  END IF;
  PERFORM now() AT TIME ZONE zone;
  RETURN zone;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN otherwise;
END
$$;

-- The instant at which clocks show `wall` first, where they show it twice. One that they skip counts as that much later, as
-- RFC 5545 §3.3.5 and PostgreSQL have it. (PostgreSQL itself takes the second of two.)
CREATE FUNCTION notify.first_instant(wall timestamp, zone text) RETURNS timestamptz LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
  SELECT CASE WHEN by_offset.instant AT TIME ZONE zone = wall THEN least(by_offset.instant, wall AT TIME ZONE zone)
    ELSE wall AT TIME ZONE zone END
  -- With the offset of the day before, which holds until the clocks change.
  FROM (SELECT wall - interval '1 day' AS shown) day_before
  CROSS JOIN LATERAL (
    SELECT (wall - (shown - (shown AT TIME ZONE zone AT TIME ZONE 'UTC'))) AT TIME ZONE 'UTC' AS instant
  ) by_offset;
END;

-- When the quiet hours end that `moment` lies in; null: in none. A window begins at its start on one of its days and ends when
-- clocks show its end next: on the following day where that is not later than the start. An hour that comes twice is quiet
-- both times. Windows that touch are one.
CREATE FUNCTION notify.quiet_until(moment timestamptz, zone text, windows jsonb) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
  ending timestamptz;
  until timestamptz;
BEGIN
  FOR i IN 1..20 LOOP
    SELECT max(w.ends) INTO ending
    FROM (
      SELECT notify.first_instant(d.day + make_interval(mins => q.start), zone) AS begins,
        (d.day + make_interval(days => CASE WHEN q."end" <= q.start THEN 1 ELSE 0 END, mins => q."end")) AT TIME ZONE zone AS ends
      FROM jsonb_to_recordset(windows) AS q (start integer, "end" integer, days integer[])
      -- Two days back, for the zones that once left a day out.
      CROSS JOIN (SELECT (coalesce(until, moment) AT TIME ZONE zone)::date - n + time '00:00' AS day
        FROM generate_series(0, 2) AS n) d
      WHERE coalesce(cardinality(q.days), 0) = 0 OR extract(isodow FROM d.day)::integer = ANY (q.days)
    ) w
    WHERE w.begins <= coalesce(until, moment) AND w.ends > coalesce(until, moment);
    EXIT WHEN ending IS NULL;
    until := ending;
  END LOOP;
  RETURN until;
END
$$;

-- Which of these messages are not sent because their recipients do not want them (`skip_reason`, a sentence), and which wait for
-- the end of quiet hours (`due_time`, and why in `note`), by their place in the arrays, from 1. No row: neither.
--
-- A one-time code is neither skipped nor moved. A message without a category is skipped only if it is bulk, and its recipient wants
-- nothing. What makes no noise, the inbox and webhooks, does not wait.
CREATE FUNCTION notify.find_gated(
  project_ids uuid[], lives boolean[], channels smallint[], classes smallint[], recipient_ids text[], categories text[],
  due_times timestamptz[]
) RETURNS TABLE (place integer, skip_reason text, due_time timestamptz, note text) LANGUAGE plpgsql STABLE ROWS 10
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
  -- What costs a message without a category that is not bulk, in a project without settings, no more than this.
  IF NOT EXISTS (SELECT FROM unnest(categories, classes) AS a (category, class) WHERE category IS NOT NULL OR class = 3)
    AND NOT EXISTS (SELECT FROM notify.contact_settings WHERE project_id = ANY (project_ids))
  THEN
    RETURN;
  END IF;
  RETURN QUERY
    WITH asked AS MATERIALIZED (
      SELECT a.place::integer, a.project_id, a.live, a.channel, a.class, a.recipient_id, a.category, a.due_time,
        coalesce(c.display_name, a.category) AS title,
        CASE WHEN a.category IS NULL THEN a.class = 3 ELSE NOT coalesce(c.mandatory, false) END AS optional,
        NOT coalesce(a.channel = ANY (c.off_channels), false) AS default_on,
        coalesce(c.quiet_hours, true) AND a.channel NOT IN (6, 7) AS quietable
      FROM unnest(project_ids, lives, channels, classes, recipient_ids, categories, due_times) WITH ORDINALITY
        AS a (project_id, live, channel, class, recipient_id, category, due_time, place)
      LEFT JOIN notify.categories c ON c.project_id = a.project_id AND c.category = a.category
      WHERE a.class <> 1 AND (a.recipient_id IS NOT NULL OR a.category IS NOT NULL)
    ),
    decided AS MATERIALIZED (
      SELECT a.*, p.category AS said_of, p.channel AS said_on, coalesce(p.enabled, a.default_on) OR NOT a.optional AS wanted
      FROM asked a
      LEFT JOIN LATERAL (
        SELECT p.category, p.channel, p.enabled FROM notify.preferences p
        WHERE a.optional AND p.project_id = a.project_id AND p.live = a.live AND p.recipient_id = a.recipient_id
          AND p.category IN ('', a.category) AND p.channel IN (0, a.channel)
        ORDER BY p.category DESC, p.channel DESC LIMIT 1
      ) p ON true
    )
    SELECT d.place,
      CASE
        WHEN d.said_of = '' AND d.said_on = 0 THEN 'The recipient has unsubscribed from everything.'
        WHEN d.said_of = '' THEN format('The recipient wants nothing %s.', notify.by_channel(d.channel))
        WHEN d.said_of IS NULL
          THEN format('"%s" is off %s until the recipient switches it on.', d.title, notify.by_channel(d.channel))
        ELSE format('The recipient has switched off "%s" %s.', d.title, notify.by_channel(d.channel))
      END,
      NULL::timestamptz, NULL::text
    FROM decided d WHERE NOT d.wanted
    UNION ALL
    SELECT d.place, NULL, q.until,
      format('Quiet hours in %s until %s', z.zone, to_char(q.until AT TIME ZONE z.zone,
        CASE WHEN q.until - d.due_time < interval '24 hours' THEN 'HH24:MI' ELSE 'HH24:MI on FMDD FMMonth' END))
    FROM decided d
    JOIN notify.contact_settings s ON s.project_id = d.project_id
    LEFT JOIN notify.recipients r ON r.project_id = d.project_id AND r.recipient_id = d.recipient_id
    LEFT JOIN notify.recipient_quiet_hours h ON h.project_id = d.project_id AND h.live = d.live
      AND h.recipient_id = d.recipient_id
    CROSS JOIN LATERAL (SELECT notify.known_zone(r.timezone, s.timezone) AS zone) z
    CROSS JOIN LATERAL (SELECT notify.quiet_until(d.due_time, z.zone, coalesce(h.windows, s.quiet_windows)) AS until) q
    WHERE d.wanted AND d.quietable AND d.class <> ALL (s.quiet_exempt_classes)
      AND coalesce(h.windows, s.quiet_windows) <> '[]' AND q.until IS NOT NULL;
END
$$;

-- `by email`, for sentences.
CREATE FUNCTION notify.by_channel(channel smallint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE channel WHEN 1 THEN 'by email' WHEN 2 THEN 'by text message' WHEN 3 THEN 'by WhatsApp'
    WHEN 4 THEN 'as push notifications' WHEN 5 THEN 'in chats' WHEN 6 THEN 'by webhook' ELSE 'in the inbox' END;

-- Decides about messages that are about to be stored: what notify.find_gated says, and the caps, which it counts in the
-- caller's transaction: it is to be called once for each message that is stored, and for no other. Rows as there; what goes over
-- a cap is skipped.
--
-- A message counts on the day on which it is to be sent, as the recipient's clocks have it; weeks begin on Monday. What is
-- cancelled or fails later stays counted. The rows of counts are locked in the order of their key, so that calls at the same
-- time wait for each other instead of deadlocking; the function is volatile, so that each statement sees what others committed.
CREATE FUNCTION notify.admit(
  project_ids uuid[], lives boolean[], channels smallint[], classes smallint[], recipient_ids text[], categories text[],
  due_times timestamptz[]
) RETURNS TABLE (place integer, skip_reason text, due_time timestamptz, note text) LANGUAGE plpgsql VOLATILE ROWS 10
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  -- What find_gated said.
  gated_places integer[];
  gated_skips text[];
  gated_times timestamptz[];
  gated_notes text[];
  -- The messages that a cap holds for. Those for one person take turns.
  capped_places integer[];
  turns integer[];
  days date[];
  own_day_caps integer[];
  own_week_caps integer[];
  all_day_caps integer[];
  all_week_caps integer[];
  titles text[];
  over_places integer[];
  over_reasons text[];
BEGIN
  SELECT array_agg(g.place), array_agg(g.skip_reason), array_agg(g.due_time), array_agg(g.note)
  INTO gated_places, gated_skips, gated_times, gated_notes
  FROM notify.find_gated(project_ids, lives, channels, classes, recipient_ids, categories, due_times) g;

  SELECT array_agg(a.place::integer), array_agg(a.turn::integer), array_agg(a.day), array_agg(a.own_day_cap),
    array_agg(a.own_week_cap), array_agg(a.all_day_cap), array_agg(a.all_week_cap), array_agg(a.title)
  INTO capped_places, turns, days, own_day_caps, own_week_caps, all_day_caps, all_week_caps, titles
  FROM (
    SELECT a.place, row_number() OVER (PARTITION BY a.project_id, a.live, a.recipient_id ORDER BY a.place) AS turn,
      (coalesce(g.due_time, a.due_time) AT TIME ZONE notify.known_zone(r.timezone, coalesce(s.timezone, 'UTC')))::date AS day,
      coalesce(c.day_cap, 0) AS own_day_cap, coalesce(c.week_cap, 0) AS own_week_cap, c.display_name AS title,
      CASE WHEN o.optional THEN coalesce(s.day_cap, 0) ELSE 0 END AS all_day_cap,
      CASE WHEN o.optional THEN coalesce(s.week_cap, 0) ELSE 0 END AS all_week_cap
    FROM unnest(project_ids, lives, channels, classes, recipient_ids, categories, due_times) WITH ORDINALITY
      AS a (project_id, live, channel, class, recipient_id, category, due_time, place)
    LEFT JOIN unnest(gated_places, gated_skips, gated_times) AS g (place, skip_reason, due_time) ON g.place = a.place
    LEFT JOIN notify.categories c ON c.project_id = a.project_id AND c.category = a.category
    LEFT JOIN notify.contact_settings s ON s.project_id = a.project_id
    CROSS JOIN LATERAL (SELECT CASE WHEN a.category IS NULL THEN a.class = 3 ELSE NOT coalesce(c.mandatory, false) END AS optional) o
    LEFT JOIN notify.recipients r ON r.project_id = a.project_id AND r.recipient_id = a.recipient_id
    WHERE a.class <> 1 AND a.recipient_id IS NOT NULL AND g.skip_reason IS NULL
      AND (c.day_cap > 0 OR c.week_cap > 0 OR (o.optional AND (s.day_cap > 0 OR s.week_cap > 0)))
  ) a;

  IF capped_places IS NOT NULL THEN
    INSERT INTO notify.frequency_counts AS f (project_id, live, recipient_id, category)
    SELECT DISTINCT project_ids[t.place], lives[t.place], recipient_ids[t.place] COLLATE "C", k.category COLLATE "C"
    FROM unnest(capped_places, own_day_caps, own_week_caps, all_day_caps, all_week_caps)
      AS t (place, own_day_cap, own_week_cap, all_day_cap, all_week_cap)
    CROSS JOIN LATERAL (
      SELECT categories[t.place] AS category WHERE t.own_day_cap > 0 OR t.own_week_cap > 0
      UNION ALL SELECT '' WHERE t.all_day_cap > 0 OR t.all_week_cap > 0
    ) k
    ORDER BY 1, 2, 3, 4
    -- Locks the row that is there, and leaves it as it is.
    ON CONFLICT (project_id, live, recipient_id, category) DO UPDATE SET days = f.days WHERE false;

    FOR now_turn IN 1..(SELECT max(t) FROM unnest(turns) AS t) LOOP
      WITH turn AS MATERIALIZED (
        SELECT t.place, t.day, t.title, t.own_day_cap, t.own_week_cap, t.all_day_cap, t.all_week_cap,
          project_ids[t.place] AS project_id, lives[t.place] AS live, recipient_ids[t.place] AS recipient_id,
          categories[t.place] AS category
        FROM unnest(capped_places, turns, days, titles, own_day_caps, own_week_caps, all_day_caps, all_week_caps)
          AS t (place, turn, day, title, own_day_cap, own_week_cap, all_day_cap, all_week_cap)
        WHERE t.turn = now_turn
      ),
      judged AS MATERIALIZED (
        SELECT t.*, CASE
          WHEN own_day_cap > 0 AND own.day_count >= own_day_cap
            THEN format('The frequency cap is reached: %s a day of "%s" for each person.', own_day_cap, title)
          WHEN own_week_cap > 0 AND own.week_count >= own_week_cap
            THEN format('The frequency cap is reached: %s a week of "%s" for each person.', own_week_cap, title)
          WHEN all_day_cap > 0 AND every.day_count >= all_day_cap
            THEN format('The frequency cap is reached: %s a day over all categories for each person.', all_day_cap)
          WHEN all_week_cap > 0 AND every.week_count >= all_week_cap
            THEN format('The frequency cap is reached: %s a week over all categories for each person.', all_week_cap)
        END AS over
        FROM turn t
        CROSS JOIN LATERAL notify.count_days(t.project_id, t.live, t.recipient_id, t.category, t.day) own
        CROSS JOIN LATERAL notify.count_days(t.project_id, t.live, t.recipient_id, '', t.day) every
      ),
      counted AS (
        UPDATE notify.frequency_counts f
        SET days = ARRAY(SELECT d FROM unnest(f.days) AS d WHERE d > current_date - 9) || k.day
        FROM (
          SELECT project_id, live, recipient_id, category, day FROM judged
          WHERE over IS NULL AND (own_day_cap > 0 OR own_week_cap > 0)
          UNION ALL
          SELECT project_id, live, recipient_id, '', day FROM judged
          WHERE over IS NULL AND (all_day_cap > 0 OR all_week_cap > 0)
        ) k
        WHERE f.project_id = k.project_id AND f.live = k.live AND f.recipient_id = k.recipient_id AND f.category = k.category
      )
      SELECT over_places || array_agg(j.place), over_reasons || array_agg(j.over) INTO over_places, over_reasons
      FROM judged j WHERE j.over IS NOT NULL;
    END LOOP;
  END IF;

  RETURN QUERY
    SELECT g.place, g.skip_reason, g.due_time, g.note
    FROM unnest(gated_places, gated_skips, gated_times, gated_notes) AS g (place, skip_reason, due_time, note)
    WHERE g.place <> ALL (coalesce(over_places, '{}'))
    UNION ALL
    SELECT o.place, o.reason, NULL::timestamptz, NULL::text
    FROM unnest(over_places, over_reasons) AS o (place, reason);
END
$$;

-- How many messages a row of counts has on a day and in its week.
CREATE FUNCTION notify.count_days(
  of_project uuid, of_live boolean, of_recipient text, of_category text, on_day date, OUT day_count bigint, OUT week_count bigint
) LANGUAGE sql STABLE AS $$
  SELECT count(*) FILTER (WHERE d = on_day),
    count(*) FILTER (WHERE date_trunc('week', d::timestamp) = date_trunc('week', on_day::timestamp))
  FROM notify.frequency_counts f, unnest(f.days) AS d
  WHERE f.project_id = of_project AND f.live = of_live AND f.recipient_id = of_recipient AND f.category = of_category
$$;
