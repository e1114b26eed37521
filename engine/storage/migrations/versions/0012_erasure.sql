-- People who were erased: see docs/privacy.md.

-- With it hashes of addresses cannot be made by who has but the addresses. Of no other use, and never shown.
ALTER TABLE installation ADD COLUMN erasure_salt bytea NOT NULL
    DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

-- All that is left of a person: a hash of each address and key, so that no import brings back what they agreed to once,
-- and no dead address is tried again.
CREATE TABLE erasure (
    hash          bytea PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    suppressed    text                       -- the address was on the list of suppressed ones: its kind there
);

-- `channel` is that of the address, or `customer` for a key.
CREATE FUNCTION erased_as(channel text, address text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256((SELECT erasure_salt FROM installation)
    || convert_to(channel || ':' || CASE channel WHEN 'customer' THEN address ELSE suppressed_as(channel, address) END,
                  'UTF8'));
