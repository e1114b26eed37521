-- Points, promo codes, calls and notices.

-- The sum of the customer's ledger: changed together with it, and by nothing else.
ALTER TABLE customer ADD COLUMN points bigint NOT NULL DEFAULT 0 CHECK (points >= 0);

CREATE TABLE points_entry (
    partition     smallint NOT NULL,
    id            uuid NOT NULL,             -- of run, step and activation: the second insert conflicts
    customer      uuid NOT NULL,
    run           uuid NOT NULL,
    rule          text NOT NULL,
    amount        bigint NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (partition, id)
);
CREATE INDEX points_entry_of_customer ON points_entry (partition, customer, at);

-- Pools are shared by all partitions: a free code is locked by who wants it, and passed over by the others.
CREATE TABLE promo_code (
    code          text PRIMARY KEY,
    pool          text NOT NULL,
    place         bigint GENERATED ALWAYS AS IDENTITY,  -- first in, first out
    until         timestamptz,               -- its own end, from the file that it came in
    partition     smallint,                  -- with the next five: whose it is; null: free
    customer      uuid,
    run           uuid,
    rule          text,
    step          integer,
    issued_at     timestamptz,
    expires_at    timestamptz
);
CREATE UNIQUE INDEX promo_code_alike ON promo_code (lower(code));  -- people type them in any case
CREATE INDEX promo_code_free ON promo_code (pool, place) WHERE customer IS NULL;
CREATE INDEX promo_code_of_customer ON promo_code (partition, customer) WHERE customer IS NOT NULL;
