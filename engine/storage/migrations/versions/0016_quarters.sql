-- Figures by the quarter of an hour as well, which every time zone is a multiple of: whole days of any zone need no counting
-- of messages, and other ends of a report a quarter of what they did.

-- From here on writers wait, so that nothing changes while it is counted; and what is written down is of hours still.
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
ALTER TABLE figure ADD CONSTRAINT figure_grain_check CHECK (grain IN ('quarter', 'hour', 'day'));
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

-- What there is already.
INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
SELECT 'quarter', quarter_of(created_at), rule, template, channel, figure_of(state, channel), '', count(*), 0
FROM message WHERE figure_of(state, channel) IS NOT NULL GROUP BY 2, 3, 4, 5, 6;

-- An open stands among the marks, below.
INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
SELECT 'quarter', quarter_of(m.created_at), m.rule, m.template, m.channel, r.kind, '', count(*), 0
FROM reaction r JOIN message m ON m.partition = r.partition AND m.id = r.message
WHERE r.kind <> 'opened' AND m.channel NOT IN ('webhook', 'staff') GROUP BY 2, 3, 4, 5, 6;

INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
SELECT 'quarter', quarter_of(m.created_at), m.rule, m.template, m.channel, k.figure, '', count(*), 0
FROM figure_mark k JOIN message m ON m.id = k.message GROUP BY 2, 3, 4, 5, 6
ON CONFLICT (grain, start, rule, template, channel, figure, currency) DO UPDATE SET
    count = figure.count + excluded.count;

INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
SELECT 'quarter', quarter_of(m.created_at), m.rule, m.template, m.channel, f.figure, f.currency, count(*),
       sum(f.amount)
FROM conversion v JOIN message m ON m.partition = v.partition AND m.id = v.message
CROSS JOIN LATERAL figures_of_conversion(v.revenue, v.currency) AS f
WHERE m.channel NOT IN ('webhook', 'staff') GROUP BY 2, 3, 4, 5, 6, 7;
