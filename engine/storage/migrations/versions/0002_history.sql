-- What conditions on history and repeated events read.

-- Up to where events have counted for `3 times within 7 days`: written with the run that they started.
CREATE TABLE count_mark (
    partition     smallint NOT NULL,
    customer      uuid NOT NULL,
    rule          text NOT NULL,
    key           text NOT NULL,
    at            timestamptz NOT NULL,      -- of the last event that counted
    used          integer NOT NULL,          -- how many of that very moment have
    PRIMARY KEY (partition, customer, rule, key)
);
