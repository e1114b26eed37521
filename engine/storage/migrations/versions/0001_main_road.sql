-- The tables of the main road. Everything that the hot path touches carries `partition`.
-- Customers, events and messages are known by uuids that are derived from content, so a replay writes nothing twice.

CREATE TABLE installation (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id          uuid NOT NULL,
    partitions  integer NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rule_set (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash          text NOT NULL UNIQUE,      -- of plan, templates and settings
    plan          jsonb NOT NULL,            -- dsl.plan.Plan
    templates     jsonb NOT NULL,            -- {"email/cart.html": "source", …}
    settings      jsonb NOT NULL,            -- of kogda.yaml: what the engine reads at run time
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- The newest row is live. Immutable: going back to an older rule set is a new publication.
CREATE TABLE publication (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_set      bigint NOT NULL REFERENCES rule_set (id),
    published_at  timestamptz NOT NULL DEFAULT now(),
    published_by  text NOT NULL DEFAULT ''
);

CREATE TABLE write_key (
    id            text PRIMARY KEY,          -- the public half: the part before the dot
    name          text NOT NULL,
    secret_hash   bytea NOT NULL,            -- SHA-256 of the whole key
    last4         text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    revoked_at    timestamptz
);

-- Every (source, messageId) ever accepted, as one uuid: the proof that an event counts once, for good.
CREATE TABLE event_key (
    id            uuid PRIMARY KEY
);

CREATE TABLE event (
    partition     smallint NOT NULL,
    xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- 0: decided before it was written (emitted, moved)
    seq           bigint NOT NULL DEFAULT 0,
    id            uuid NOT NULL,
    customer      uuid NOT NULL,
    kind          smallint NOT NULL,         -- 0 track, 1 identify, 2 merge, 3 already decided (history only)
    name          text NOT NULL,
    at            timestamptz NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT now(),
    source        text NOT NULL,
    body          jsonb NOT NULL,            -- {"key", "properties", "context", "messageId", "sent_as", "historical", "cause"}
    PRIMARY KEY (partition, xid, seq, received_at)
) PARTITION BY RANGE (received_at);
CREATE SEQUENCE event_seq CACHE 100;
ALTER TABLE event ALTER COLUMN seq SET DEFAULT nextval('event_seq');
CREATE INDEX event_history ON event (customer, name, at);
CREATE TABLE event_default PARTITION OF event DEFAULT;   -- monthly ones are made ahead by the sweep

CREATE TABLE reject (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at   timestamptz NOT NULL DEFAULT now(),
    source        text NOT NULL,
    reason        text NOT NULL,
    path          text NOT NULL,             -- of the field at fault, "$.properties.total"
    body          text NOT NULL              -- as received, cut at the event limit
);

-- How far each partition has been decided. The compare-and-set on (xid, seq) is the fence.
CREATE TABLE partition_cursor (
    partition     smallint PRIMARY KEY,
    xid           xid8 NOT NULL DEFAULT '0',
    seq           bigint NOT NULL DEFAULT 0,
    floor         timestamptz NOT NULL DEFAULT '2000-01-01Z',  -- no undecided event was received before it
    epoch         bigint NOT NULL DEFAULT 0                  -- raised by every commit
);

CREATE TABLE customer (
    partition     smallint NOT NULL,
    id            uuid NOT NULL,
    key           text NOT NULL,             -- "u:42", "a:…"
    email         text,
    phone         text,
    timezone      text,
    locale        text,
    attributes    jsonb NOT NULL DEFAULT '{}',
    tags          text[] NOT NULL DEFAULT '{}',
    consent       jsonb NOT NULL DEFAULT '{}',
    merged_into   uuid,
    first_seen    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, id)
);
CREATE INDEX customer_email ON customer (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE run (
    partition     smallint NOT NULL,
    id            uuid NOT NULL,
    customer      uuid NOT NULL,
    rule          text NOT NULL,
    rule_set      bigint NOT NULL,           -- no foreign key: rule sets are never deleted, and the check costs per row
    state         text NOT NULL,             -- waiting, sending, ended
    wake_at       timestamptz,               -- the timer
    began_at      timestamptz NOT NULL,
    ended_at      timestamptz,
    end_reason    text,
    open_until    timestamptz,               -- infinity until it ends, then until its goal; null: decisions need it no more
    body          jsonb NOT NULL,            -- the other fields of engine.core.model.Run
    PRIMARY KEY (partition, id)
);
CREATE INDEX run_of_customer ON run (partition, customer, open_until);
CREATE INDEX run_timer ON run (partition, wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE run_note (
    partition     smallint NOT NULL,
    run           uuid NOT NULL,
    at            timestamptz NOT NULL,
    line          integer NOT NULL,
    what          text NOT NULL,
    detail        text NOT NULL
);
CREATE INDEX run_note_of_run ON run_note (partition, run);

CREATE TABLE once_mark (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    rule          text NOT NULL,
    key           text NOT NULL,
    run           uuid NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (partition, customer, rule, key)
);

-- What a run waits to hear of its message; read and deleted by the partition's next batch.
CREATE TABLE outcome (
    partition     smallint NOT NULL,
    message       uuid NOT NULL,
    run           uuid NOT NULL,
    customer      uuid NOT NULL,
    state         text NOT NULL,
    at            timestamptz NOT NULL,
    reason        text,
    PRIMARY KEY (partition, message)
);

CREATE TABLE message (
    partition     smallint NOT NULL,
    id            uuid NOT NULL,             -- of run, step and activation: the second insert conflicts
    customer      uuid NOT NULL,
    run           uuid NOT NULL,
    rule          text NOT NULL,
    rule_set      bigint NOT NULL,
    step          integer NOT NULL,
    channel       text NOT NULL,
    template      text NOT NULL,
    context       jsonb NOT NULL,
    transactional boolean NOT NULL,
    state         text NOT NULL DEFAULT 'queued', -- queued, sending, sent, suppressed, failed, unknown
    due_at        timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    attempt       uuid,                      -- of the hand-over under way, committed before the socket opens
    deadline      timestamptz,               -- past it the attempt is taken for dead
    maybe_duplicate boolean NOT NULL DEFAULT false,
    reason        text,                      -- why suppressed, failed or unknown
    address       text,                      -- where it went
    provider_id   text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    settled_at    timestamptz,
    PRIMARY KEY (partition, id)
);
CREATE INDEX message_due ON message (due_at) WHERE state = 'queued';
CREATE INDEX message_stuck ON message (deadline) WHERE state = 'sending';
CREATE INDEX message_of_run ON message (partition, run);
CREATE INDEX message_of_customer ON message (partition, customer, created_at);
CREATE INDEX message_newest ON message (created_at DESC);

CREATE TABLE suppression (
    channel       text NOT NULL,
    address       text NOT NULL,             -- lower case
    reason        text NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, address)
);

-- Rules, events, templates that failed three times, with the reason; a person looks at them.
CREATE TABLE quarantine (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    what          text NOT NULL,             -- event, run, message
    subject       text NOT NULL,             -- its id
    rule          text NOT NULL,
    tries         integer NOT NULL,
    reason        text NOT NULL,
    detail        text NOT NULL,
    UNIQUE (what, subject, rule)
);

-- The mailbox page's store: mails of a server without an SMTP provider.
CREATE TABLE mailbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message       uuid NOT NULL UNIQUE,
    at            timestamptz NOT NULL DEFAULT now(),
    recipient     text NOT NULL,
    subject       text NOT NULL,
    rule          text NOT NULL,
    template      text NOT NULL,
    partition     smallint NOT NULL,         -- of its run, when it was sent
    run           uuid NOT NULL,
    raw           bytea NOT NULL             -- RFC 5322
);

CREATE TABLE worker_heartbeat (
    worker        uuid PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now(),
    detail        jsonb NOT NULL DEFAULT '{}'
);
