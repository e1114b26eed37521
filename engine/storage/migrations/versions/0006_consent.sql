-- What customers agreed to, and who said so.

-- Signs the links in mails. Drawn by PostgreSQL's own strong generator; KOGDA_LINK_SECRET goes before it.
ALTER TABLE installation ADD COLUMN link_secret bytea NOT NULL
    DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
