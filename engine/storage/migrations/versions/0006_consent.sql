-- What customers agreed to, and who said so.

-- Signs the links in mails. Drawn by PostgreSQL's own strong generator; KOGDA_LINK_SECRET goes before it.
ALTER TABLE installation ADD COLUMN link_secret bytea NOT NULL
    DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

-- By channel and topic, when customers chose by their own hand: what an app knew before that changes nothing.
ALTER TABLE customer ADD COLUMN chosen jsonb NOT NULL DEFAULT '{}';
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- Who said yes or no, when and how. The state is customer.consent; this is how it came about. Rows are only added.
CREATE TABLE consent_entry (
    partition     smallint NOT NULL,
    id            uuid NOT NULL,             -- of the event and what it changed, or drawn: a replay adds nothing
    customer      uuid NOT NULL,
    at            timestamptz NOT NULL,
    what          text NOT NULL,             -- a channel or a topic
    given         boolean,                   -- null: nothing is said any more, or only asked
    how           text NOT NULL,             -- engine.core.delivery.consent.How
    message       uuid,                      -- the mail with the link that was followed
    detail        jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partition, id)
);
CREATE INDEX consent_entry_of_customer ON consent_entry (partition, customer, at);

-- Who put an address on the list: a provider that reported, or a person. Rows are numbered for pages.
ALTER TABLE suppression
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN kind text NOT NULL DEFAULT 'bounce' CHECK (kind IN ('bounce', 'complaint', 'manual', 'import'));

-- How an address stands in the list. People write phone numbers in many ways, providers in one.
CREATE FUNCTION suppressed_as(channel text, address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN channel IN ('sms', 'whatsapp', 'viber')
    THEN regexp_replace(regexp_replace(address, '[^0-9+]', '', 'g'), '^00', '+')
    ELSE lower(address)
END;
