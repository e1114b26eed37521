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
