-- Figures by the quarter of an hour as well, which every time zone is a multiple of: whole days of any zone need no counting
-- of messages, and other ends of a report a quarter of what they did.

-- From here on writers wait, for moments: what is written down so far is of hours, what is written down next of quarters.
LOCK TABLE message, reaction, conversion, consent_entry IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE figure_change, figure IN ACCESS EXCLUSIVE MODE;

WITH taken AS (DELETE FROM figure_change RETURNING *)
INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
SELECT g.grain, date_trunc(g.grain, t.hour, 'UTC'), t.rule, t.template, t.channel, t.figure, t.currency,
       sum(t.count), sum(t.amount)
FROM taken t CROSS JOIN (VALUES ('hour'), ('day')) AS g (grain) GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (grain, start, rule, template, channel, figure, currency) DO UPDATE SET
    count = figure.count + excluded.count, amount = figure.amount + excluded.amount;

ALTER TABLE figure DROP CONSTRAINT figure_grain_check;
-- What is there passed a stricter one, and need not be read again.
ALTER TABLE figure ADD CONSTRAINT figure_grain_check CHECK (grain IN ('quarter', 'hour', 'day')) NOT VALID;
ALTER TABLE figure_change RENAME COLUMN hour TO quarter;

CREATE FUNCTION quarter_of(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin('15 minutes', at, '2000-01-01Z');

-- What the triggers of 0011_figures.sql do, but by the quarter.
DO $$
DECLARE
    counting regproc;
BEGIN
    FOREACH counting IN ARRAY ARRAY['count_new_message', 'count_changed_messages', 'count_reactions',
                                    'count_conversions', 'count_leavers']::regproc[]
    LOOP
        EXECUTE replace(replace(pg_get_functiondef(counting), 'hour_of(', 'quarter_of('),
                        '(partition, hour,', '(partition, quarter,');
    END LOOP;
END $$;
DROP FUNCTION hour_of(timestamptz);

-- Quarters are of all messages that were decided at it or later. For those before it workers count what is missing, and
-- move it back: docs/decisions/0024-what-there-was-is-counted-later.md. NULL: of all messages there are.
ALTER TABLE installation ADD COLUMN quarters_since timestamptz;

UPDATE installation SET quarters_since = (
    SELECT date_bin('1 hour', greatest(max(created_at), now()), '2000-01-01Z') + interval '1 hour' FROM message
) WHERE EXISTS (SELECT FROM figure);
