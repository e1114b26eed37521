-- How fast providers may be used.

-- A lane of its own for each channel and class: a claim finds what is due in each, whatever waits in the others.
DROP INDEX message_due;
CREATE INDEX message_due ON message (channel, transactional, due_at) WHERE state = 'queued';

-- What was used of the limits of providers, one row for each limit of kogda.yaml: "email/second", "email gmail.com/day".
CREATE TABLE provider_use (
    name          text PRIMARY KEY,
    free_at       timestamptz NOT NULL DEFAULT '2000-01-01Z',  -- the next place of a paced one
    period        text NOT NULL DEFAULT '',                    -- day or hour that `used` counts in
    used          integer NOT NULL DEFAULT 0
);

-- Providers that take nothing at the moment. No row: all is well.
CREATE TABLE circuit (
    channel       text PRIMARY KEY,
    reason        text NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    pause         interval NOT NULL,
    probe_at      timestamptz NOT NULL                         -- when the next message tries whether it is back
);

-- While a provider takes nothing, those that another way could deliver are found among all that waits.
CREATE INDEX message_with_way ON message (channel, created_at) WHERE state = 'queued' AND limits ? 'ways';
