-- Figures of messages, ready to be added up: see docs/decisions/0019-figures-are-kept-up-by-triggers.md.

-- How many, and how much, of the messages that were decided in an hour or a day (UTC).
CREATE TABLE figure (
    grain         text NOT NULL CHECK (grain IN ('hour', 'day')),
    start         timestamptz NOT NULL,
    rule          text NOT NULL,
    template      text NOT NULL,
    channel       text NOT NULL,
    figure        text NOT NULL,             -- engine.flow.telling.report_messages.FIGURES, and revenue
    currency      text NOT NULL,             -- of revenue; '': none
    count         bigint NOT NULL,           -- of revenue: the conversions that had a worth
    amount        numeric NOT NULL,
    PRIMARY KEY (grain, start, rule, template, channel, figure, currency)
);

-- What is still to be added to them: written together with what it counts, folded in a little later. No key, no index:
-- whoever writes waits for nobody.
CREATE TABLE figure_change (
    partition     smallint NOT NULL,
    hour          timestamptz NOT NULL,
    rule          text NOT NULL,
    template      text NOT NULL,
    channel       text NOT NULL,
    figure        text NOT NULL,
    currency      text NOT NULL DEFAULT '',
    count         bigint NOT NULL,
    amount        numeric NOT NULL DEFAULT 0
);

-- What counts once for a message, however many rows say so: that it was opened, when it was clicked as well.
CREATE TABLE figure_mark (
    message       uuid NOT NULL,
    figure        text NOT NULL,
    PRIMARY KEY (message, figure)
);

CREATE FUNCTION hour_of(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin('1 hour', at, '2000-01-01Z');

-- The figure that a message counts for; null: none, or none yet. What may have been sent was.
CREATE FUNCTION figure_of(state text, channel text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN channel IN ('webhook', 'staff') THEN NULL
    WHEN state IN ('sent', 'unknown') THEN 'sent'
    WHEN state IN ('suppressed', 'failed') THEN state
END;

CREATE FUNCTION figures_of_conversion(revenue numeric, its_currency text)
RETURNS TABLE (figure text, currency text, amount numeric) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 'converted', '', 0::numeric UNION ALL SELECT 'revenue', coalesce($2, ''), $1 WHERE $1 IS NOT NULL
$$;

CREATE FUNCTION count_new_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
    VALUES (NEW.partition, hour_of(NEW.created_at), NEW.rule, NEW.template, NEW.channel,
            figure_of(NEW.state, NEW.channel), 1);
    RETURN NULL;
END $$;
-- Messages are queued: that one is born in another state costs nothing to tell.
CREATE TRIGGER message_counted AFTER INSERT ON message
    FOR EACH ROW WHEN (figure_of(NEW.state, NEW.channel) IS NOT NULL) EXECUTE FUNCTION count_new_message();

CREATE FUNCTION count_changed_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
    SELECT min(partition), hour_of(created_at), rule, template, channel, figure_of(state, channel), sum(change)
    FROM (SELECT partition, created_at, rule, template, channel, state, 1 AS change FROM is_now
          UNION ALL SELECT partition, created_at, rule, template, channel, state, -1 FROM was) AS changed
    WHERE state IN ('sent', 'unknown', 'suppressed', 'failed') AND channel NOT IN ('webhook', 'staff')
    GROUP BY 2, 3, 4, 5, 6 HAVING sum(change) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER message_counted_anew AFTER UPDATE ON message REFERENCING OLD TABLE AS was NEW TABLE AS is_now
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed_messages();

-- In the order of their ids, so that two that mark the same messages do not wait for each other in a circle.
CREATE FUNCTION count_reactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH opened AS (
        INSERT INTO figure_mark (message, figure)
        SELECT DISTINCT t.message, 'opened' FROM told t JOIN message m ON m.partition = t.partition AND m.id = t.message
        WHERE t.kind IN ('opened', 'clicked') AND m.channel NOT IN ('webhook', 'staff') ORDER BY 1
        ON CONFLICT DO NOTHING RETURNING message
    ), counted AS (
        SELECT partition, message, kind FROM told WHERE kind <> 'opened'
        UNION SELECT t.partition, t.message, 'opened' FROM told t JOIN opened o ON o.message = t.message
    )
    INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
    SELECT min(m.partition), hour_of(m.created_at), m.rule, m.template, m.channel, c.kind, count(*)
    FROM counted c JOIN message m ON m.partition = c.partition AND m.id = c.message
    WHERE m.channel NOT IN ('webhook', 'staff')
    GROUP BY 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
CREATE TRIGGER reaction_counted AFTER INSERT ON reaction REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_reactions();

CREATE FUNCTION count_conversions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_change (partition, hour, rule, template, channel, figure, currency, count, amount)
    SELECT min(m.partition), hour_of(m.created_at), m.rule, m.template, m.channel, f.figure, f.currency,
           count(*), sum(f.amount)
    FROM told t JOIN message m ON m.partition = t.partition AND m.id = t.message
    CROSS JOIN LATERAL figures_of_conversion(t.revenue, t.currency) AS f
    WHERE m.channel NOT IN ('webhook', 'staff')
    GROUP BY 2, 3, 4, 5, 6, 7;
    RETURN NULL;
END $$;
CREATE TRIGGER conversion_counted AFTER INSERT ON conversion REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_conversions();

CREATE FUNCTION count_leavers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM told WHERE given = false AND message IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    WITH left_by AS (
        INSERT INTO figure_mark (message, figure)
        SELECT DISTINCT m.id, 'unsubscribed' FROM told t
        JOIN message m ON m.partition = t.partition AND m.id = t.message
        WHERE t.given = false AND m.channel NOT IN ('webhook', 'staff') ORDER BY 1
        ON CONFLICT DO NOTHING RETURNING message
    )
    INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
    SELECT min(m.partition), hour_of(m.created_at), m.rule, m.template, m.channel, 'unsubscribed', count(*)
    FROM (SELECT DISTINCT t.partition, t.message FROM told t JOIN left_by l ON l.message = t.message
          WHERE t.given = false) AS c
    JOIN message m ON m.partition = c.partition AND m.id = c.message
    GROUP BY 2, 3, 4, 5;
    RETURN NULL;
END $$;
CREATE TRIGGER leaver_counted AFTER INSERT ON consent_entry REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_leavers();

-- What there is already. The triggers above have locked out writers until all of this is done.
INSERT INTO figure_mark (message, figure)
SELECT DISTINCT r.message, 'opened' FROM reaction r JOIN message m ON m.partition = r.partition AND m.id = r.message
WHERE r.kind IN ('opened', 'clicked') AND m.channel NOT IN ('webhook', 'staff')
UNION ALL
SELECT DISTINCT e.message, 'unsubscribed' FROM consent_entry e
JOIN message m ON m.partition = e.partition AND m.id = e.message
WHERE e.given = false AND m.channel NOT IN ('webhook', 'staff');

INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
SELECT 0, hour_of(created_at), rule, template, channel, figure_of(state, channel), count(*)
FROM message WHERE figure_of(state, channel) IS NOT NULL GROUP BY 2, 3, 4, 5, 6;

INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
SELECT 0, hour_of(m.created_at), m.rule, m.template, m.channel, r.kind, count(*)
FROM reaction r JOIN message m ON m.partition = r.partition AND m.id = r.message
WHERE r.kind <> 'opened' AND m.channel NOT IN ('webhook', 'staff') GROUP BY 2, 3, 4, 5, 6;

INSERT INTO figure_change (partition, hour, rule, template, channel, figure, count)
SELECT 0, hour_of(m.created_at), m.rule, m.template, m.channel, k.figure, count(*)
FROM figure_mark k JOIN message m ON m.id = k.message GROUP BY 2, 3, 4, 5, 6;

INSERT INTO figure_change (partition, hour, rule, template, channel, figure, currency, count, amount)
SELECT 0, hour_of(m.created_at), m.rule, m.template, m.channel, f.figure, f.currency, count(*), sum(f.amount)
FROM conversion v JOIN message m ON m.partition = v.partition AND m.id = v.message
CROSS JOIN LATERAL figures_of_conversion(v.revenue, v.currency) AS f
WHERE m.channel NOT IN ('webhook', 'staff') GROUP BY 2, 3, 4, 5, 6, 7;

-- Who was kept out by lot is counted as people, whom no sum of days knows: only runs of such rules are read.
CREATE INDEX run_split ON run (began_at) WHERE body ? 'split' AND body ? 'goal_until';

-- By what mail somebody left.
CREATE INDEX consent_entry_of_message ON consent_entry (partition, message) WHERE given = false;
