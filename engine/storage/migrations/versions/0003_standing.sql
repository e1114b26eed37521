-- Segments, appointments: what holds for a customer without a run.

-- Who is in which segment: the line from which entering and leaving are told, sizes and samples. By the definition with
-- this hash; one by another definition says nothing.
CREATE TABLE membership (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    segment       text NOT NULL,
    definition    text NOT NULL,
    is_in         boolean NOT NULL,
    since         timestamptz NOT NULL,
    PRIMARY KEY (partition, customer, segment)
);
CREATE INDEX membership_of_segment ON membership (segment, definition) WHERE is_in;

-- Moments at which time alone starts something: dates, schedules, silence, a window that slides.
CREATE TABLE appointment (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    errand        text NOT NULL,             -- date, inactivity, schedule, segment
    name          text NOT NULL,             -- of the rule or segment
    at            timestamptz,               -- null: none now; the row only remembers what was done
    definition    text NOT NULL,             -- of what it is for: another one makes another appointment
    occasion      text NOT NULL,             -- what it is for this time
    done          text NOT NULL,             -- the newest occasion it was kept for
    PRIMARY KEY (partition, customer, errand, name)
);
CREATE INDEX appointment_due ON appointment (partition, at) WHERE at IS NOT NULL;

-- After a publication that watches something else, each partition goes through its customers.
ALTER TABLE rule_set ADD COLUMN standing text NOT NULL DEFAULT '';         -- digest of what is watched; '': nothing
ALTER TABLE partition_cursor ADD COLUMN standing text NOT NULL DEFAULT ''; -- digest its customers were looked at for
ALTER TABLE partition_cursor ADD COLUMN filled_to uuid;                    -- the last one looked at; null: all were
