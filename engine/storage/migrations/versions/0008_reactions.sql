-- What became of messages after they were sent.

-- Every time a tracked link or picture was asked for, by whomever.
CREATE TABLE hit (
    partition     smallint NOT NULL,         -- of the message, when it was sent
    message       uuid NOT NULL,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    at            timestamptz NOT NULL,
    kind          text NOT NULL,             -- opened, clicked
    link          smallint,                  -- which link of the mail, from 1
    links         smallint,                  -- how many different ones it has
    target        text,
    class         text,                      -- person, proxy, scanner, bot; null: not judged yet
    raw           jsonb NOT NULL,            -- the method, and the headers that are judged
    PRIMARY KEY (partition, message, id)
);
CREATE INDEX hit_unjudged ON hit (at) WHERE class IS NULL;
CREATE INDEX hit_old ON hit (at);

-- What a message met with, once for each kind: reports and conversions are made from it.
CREATE TABLE reaction (
    partition     smallint NOT NULL,
    message       uuid NOT NULL,
    kind          text NOT NULL,             -- delivered, opened, clicked, bounced, complained, failed, unsubscribed
    customer      uuid NOT NULL,
    at            timestamptz NOT NULL,      -- the first time
    last_at       timestamptz NOT NULL,      -- the newest: a link may be followed again
    detail        jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partition, message, kind)
);
CREATE INDEX reaction_of_customer ON reaction (partition, customer, kind, last_at);

-- A goal that was reached, and the message that is given the credit.
CREATE TABLE conversion (
    partition     smallint NOT NULL,
    event         uuid NOT NULL,             -- an order counts once, however many rules hoped for it
    message       uuid NOT NULL,
    customer      uuid NOT NULL,
    touch         text NOT NULL,             -- clicked, opened, sent: what the message had met with
    at            timestamptz NOT NULL,
    revenue       numeric,
    currency      text,
    PRIMARY KEY (partition, event)
);
CREATE INDEX conversion_of_message ON conversion (partition, message);
CREATE INDEX conversion_of_customer ON conversion (partition, customer);
CREATE INDEX conversion_at ON conversion (at);

-- What providers have told us, so that it is taken once.
CREATE TABLE callback (
    provider      text NOT NULL,
    id            text NOT NULL,             -- the provider's own, else a digest of the body
    received_at   timestamptz NOT NULL DEFAULT now(),
    reports       integer NOT NULL,
    unknown       integer NOT NULL,          -- of them about messages that are none of ours
    PRIMARY KEY (provider, id)
);
CREATE INDEX callback_old ON callback (received_at);

-- Soft bounces in a row; a delivery ends the row.
CREATE TABLE soft_bounce (
    channel       text NOT NULL,
    address       text NOT NULL,             -- lower case
    streak        integer NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (channel, address)
);

-- By what a provider calls it. A Message-ID of ours, `<…>`, says which message it is, and needs no index.
CREATE INDEX message_of_provider ON message (provider_id) WHERE provider_id NOT LIKE '<%';
