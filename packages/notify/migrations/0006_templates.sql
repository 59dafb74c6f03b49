-- Templates for every channel and locale, with drafts.

-- Of the contract's Channel and TemplateKind. What was stored before is email.
ALTER TABLE notify.templates ADD COLUMN channel smallint NOT NULL DEFAULT 1;
ALTER TABLE notify.templates ADD COLUMN kind smallint NOT NULL DEFAULT 1;
ALTER TABLE notify.templates ADD COLUMN default_locale text NOT NULL DEFAULT 'en';

-- {"en": {"subject", "html", …}}. Null: made by a program that knew only subject, text_body and html_body.
ALTER TABLE notify.templates ADD COLUMN parts json;

-- {"en": {"cart.items": "{count, plural, …}"}}
ALTER TABLE notify.templates ADD COLUMN messages json;

-- {"en": "<html>…"}: the HTML of emails as it is filled in, after layouts, MJML and style sheets. Null: as in parts.
ALTER TABLE notify.templates ADD COLUMN compiled json;

-- {"footer": 3}: the layouts and partials it is made with, as they were when it was published.
ALTER TABLE notify.templates ADD COLUMN uses jsonb NOT NULL DEFAULT '{}';

-- Who published it.
ALTER TABLE notify.templates ADD COLUMN actor text NOT NULL DEFAULT '';

-- The next version of a template, in the making: at most one of each, as it was saved, right or wrong.
CREATE TABLE notify.template_drafts (
  project_id uuid NOT NULL,
  name text NOT NULL,
  -- Grows with every change; the etag.
  revision integer NOT NULL,
  channel smallint NOT NULL,
  kind smallint NOT NULL,
  default_locale text NOT NULL,
  parts json NOT NULL,
  messages json NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (project_id, name)
);
