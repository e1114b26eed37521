"""Figures of messages, counted from the messages themselves. By the time at which they were decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from engine.storage.database import Connection
from engine.storage.reports.figures import Figure, figure_of


class HeldOut(NamedTuple):
    """Runs of a rule that reached its split, by whether the lot kept them out."""

    rule: str
    is_held_out: bool
    people: int
    converted: int


async def counted_figures(connection: Connection, since: datetime, until: datetime) -> list[Figure]:
    """Reads every message of the time: for what figures at the ends of a report do not know, and to check them by."""
    return [figure_of(row) for row in await connection.fetch(_COUNTED, since, until)]


#: By quarters, of messages that were decided between $1 and $2, exclusive.
# Who followed a link has opened the mail, though its pictures were never asked for.
COUNTED_BY_QUARTERS = """
    WITH m AS MATERIALIZED (
        SELECT quarter_of(created_at) AS quarter, partition, id, rule, template, channel, state FROM message
        WHERE created_at >= $1 AND created_at < $2 AND channel NOT IN ('webhook', 'staff')
    ), told AS MATERIALIZED (
        SELECT m.quarter, m.rule, m.template, m.channel, m.id, r.kind
        FROM m JOIN reaction r ON r.partition = m.partition AND r.message = m.id
    )
    SELECT quarter, rule, template, channel, figure_of(state, channel) AS figure, '' AS currency, count(*) AS count,
           0::numeric AS amount
    FROM m WHERE figure_of(state, channel) IS NOT NULL GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT quarter, rule, template, channel, kind, '', count(*), 0 FROM told WHERE kind <> 'opened'
    GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT quarter, rule, template, channel, 'opened', '', count(*), 0
    FROM (SELECT DISTINCT quarter, rule, template, channel, id FROM told WHERE kind IN ('opened', 'clicked')) AS once
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT m.quarter, m.rule, m.template, m.channel, 'unsubscribed', '', count(DISTINCT e.message), 0
    FROM consent_entry e JOIN m ON m.partition = e.partition AND m.id = e.message
    WHERE e.given = false GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT m.quarter, m.rule, m.template, m.channel, f.figure, f.currency, count(*), sum(f.amount)
    FROM m JOIN conversion v ON v.partition = m.partition AND v.message = m.id
    CROSS JOIN LATERAL figures_of_conversion(v.revenue, v.currency) AS f GROUP BY 1, 2, 3, 4, 5, 6
"""

_COUNTED = f"""
    SELECT rule, template, channel, figure, currency, sum(count), sum(amount)
    FROM ({COUNTED_BY_QUARTERS}) AS counted GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608


async def held_out_counts(connection: Connection, since: datetime, until: datetime) -> Sequence[HeldOut]:
    """Of rules with a goal that kept somebody out. Customers count once, and have converted when any run of theirs
    has: no sum of days knows that, so runs are counted, from the indexes `run_split` and `run_reached` alone."""
    rows = await connection.fetch(
        """
        SELECT rule, held, count(*), count(*) FILTER (WHERE reached) FROM (
            SELECT rule, coalesce(bool_or(end_reason = 'holdout'), false) AS held, bool_or(reached) AS reached FROM (
                SELECT rule, customer, end_reason, false AS reached FROM run
                WHERE began_at >= $1 AND began_at < $2 AND body ? 'split' AND body ? 'goal_until'
                UNION ALL
                SELECT rule, customer, end_reason, true FROM run WHERE began_at >= $1 AND began_at < $2
                AND body ? 'split' AND body ? 'goal_until' AND body ? 'goal_at'
            ) AS run_of_split GROUP BY rule, customer
        ) AS person GROUP BY 1, 2
        """,
        since,
        until,
    )
    found = [HeldOut(*row) for row in rows]
    held_out = {each.rule for each in found if each.is_held_out}
    return [each for each in found if each.rule in held_out]
