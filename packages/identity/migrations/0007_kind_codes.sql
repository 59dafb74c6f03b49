-- How codes of a kind are sent over WhatsApp, and what they are for test accounts.
ALTER TABLE identity.kinds ADD COLUMN whatsapp_template text NOT NULL DEFAULT '';
ALTER TABLE identity.kinds ADD COLUMN whatsapp_languages text[] NOT NULL DEFAULT '{}';
-- Not a secret: it works for test accounts and nowhere else.
ALTER TABLE identity.kinds ADD COLUMN test_code text NOT NULL DEFAULT '';
