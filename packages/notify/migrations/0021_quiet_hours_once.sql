-- Quiet hours are reckoned once for a zone and minute, not once a message: a batch of 500 at night took eight times as long as by day.

-- Which of these messages are not sent because their recipients do not want them (`skip_reason`, a sentence), and which wait for
-- the end of quiet hours (`due_time`, and why in `note`), by their place in the arrays, from 1. No row: neither.
--
-- A one-time code is neither skipped nor moved. A message without a category is skipped only if it is bulk, and its recipient wants
-- nothing. What makes no noise, the inbox and webhooks, does not wait.
CREATE OR REPLACE FUNCTION notify.find_gated(
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
    ),
    in_question AS MATERIALIZED (
      SELECT d.place, d.due_time, coalesce(r.timezone, '') AS own_zone, s.timezone,
        coalesce(h.windows, s.quiet_windows) AS windows, date_trunc('minute', d.due_time) AS minute
      FROM decided d
      JOIN notify.contact_settings s ON s.project_id = d.project_id
      LEFT JOIN notify.recipients r ON r.project_id = d.project_id AND r.recipient_id = d.recipient_id
      LEFT JOIN notify.recipient_quiet_hours h ON h.project_id = d.project_id AND h.live = d.live
        AND h.recipient_id = d.recipient_id
      WHERE d.wanted AND d.quietable AND d.class <> ALL (s.quiet_exempt_classes)
        AND coalesce(h.windows, s.quiet_windows) <> '[]'
    ),
    -- Hours begin and end with a minute, so that a minute has one answer: reckoned once for all of a batch that ask in it.
    answers AS MATERIALIZED (
      SELECT k.own_zone, k.timezone, k.windows, k.minute, z.zone, notify.quiet_until(k.minute, z.zone, k.windows) AS until
      FROM (SELECT DISTINCT own_zone, timezone, windows, minute FROM in_question) k
      CROSS JOIN LATERAL (SELECT notify.known_zone(k.own_zone, k.timezone) AS zone) z
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
    SELECT h.place, NULL, a.until,
      format('Quiet hours in %s until %s', a.zone, to_char(a.until AT TIME ZONE a.zone,
        CASE WHEN a.until - h.due_time < interval '24 hours' THEN 'HH24:MI' ELSE 'HH24:MI on FMDD FMMonth' END))
    FROM in_question h
    JOIN answers a USING (own_zone, timezone, windows, minute)
    WHERE a.until IS NOT NULL;
END
$$;
