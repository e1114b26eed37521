-- Where else customers can be reached: devices, browsers, chats. Several of one customer for one channel.
CREATE TABLE contact (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    channel       text NOT NULL,             -- telegram, push
    address       text NOT NULL,             -- chat, device token, endpoint
    detail        jsonb NOT NULL DEFAULT '{}',
    added_at      timestamptz NOT NULL DEFAULT now(),
    gone_at       timestamptz,               -- the provider says that nobody is there any more
    PRIMARY KEY (partition, customer, channel, address)
);
CREATE INDEX contact_address ON contact (channel, address) WHERE gone_at IS NULL;

-- The mailbox page shows messages of other channels as well.
ALTER TABLE mailbox ADD COLUMN channel text NOT NULL DEFAULT 'email';

-- What customers find in the shop's own page.
CREATE TABLE inbox_message (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    id            bigint GENERATED ALWAYS AS IDENTITY,  -- a customer's later ones have higher ids
    message       uuid NOT NULL UNIQUE,
    at            timestamptz NOT NULL DEFAULT now(),
    title         text NOT NULL,
    text          text NOT NULL,
    link          text,
    image         text,
    data          jsonb NOT NULL DEFAULT '{}',
    read_at       timestamptz,
    PRIMARY KEY (partition, customer, id)
);
CREATE INDEX inbox_unread ON inbox_message (partition, customer) WHERE read_at IS NULL;
CREATE INDEX inbox_old ON inbox_message (id);
