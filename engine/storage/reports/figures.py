"""Figures of messages by quarters of hours, hours and days: read for reports, kept up from what triggers wrote down.

A figure is at any moment what stands in `figure`, and what `figure_change` still adds to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from engine.storage.database import Connection

#: Changes that one transaction folds in.
AT_ONCE = 10_000


class Subject(NamedTuple):
    """What figures are told apart by."""

    rule: str
    template: str
    channel: str


@dataclass(frozen=True, slots=True)
class Figure:
    subject: Subject
    name: str  # engine.flow.telling.report_messages.FIGURES, revenue, and kinds of reactions that no report shows
    currency: str  # of revenue; "": none
    count: int  # of revenue: the conversions that had a worth
    amount: Decimal

    def times(self, factor: int) -> Figure:
        return replace(self, count=factor * self.count, amount=factor * self.amount)

    def plus(self, other: Figure) -> Figure:
        return replace(self, count=self.count + other.count, amount=self.amount + other.amount)


class Stretch(NamedTuple):
    """A time in whole ones of its grain: quarter, hour or day."""

    grain: str
    since: datetime
    until: datetime


async def figures_between(connection: Connection, stretches: Sequence[Stretch]) -> list[Figure]:
    """Of messages decided in any of them: one begins where the other ends."""
    given = (*map(list, zip(*stretches, strict=True)), stretches[0].since, stretches[-1].until)
    return [figure_of(row) for row in await connection.fetch(_BETWEEN, *given)]


def figure_of(row: Iterable[Any]) -> Figure:
    rule, template, channel, name, currency, count, amount = row
    return Figure(Subject(rule, template, channel), name, currency, int(count), amount)


# Each stretch by the key, whatever the planner expects of the five: OFFSET keeps them apart.
_BETWEEN = """
    SELECT rule, template, channel, figure, currency, sum(count), sum(amount) FROM (
        SELECT f.* FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS s (grain, since, until)
        CROSS JOIN LATERAL (
            SELECT rule, template, channel, figure, currency, count, amount FROM figure
            WHERE grain = s.grain AND start >= s.since AND start < s.until OFFSET 0
        ) AS f
        UNION ALL
        SELECT rule, template, channel, figure, currency, count, amount FROM figure_change
        WHERE quarter >= $4 AND quarter < $5
    ) AS known GROUP BY 1, 2, 3, 4, 5
"""


async def fold_changes(connection: Connection) -> int:
    """At most AT_ONCE of them, in one statement, so that nobody sees a change twice or not at all. How many. Others may
    fold at the same time."""
    found: int = await connection.fetchval(_FOLD, AT_ONCE)
    return found


_FOLD = """
    WITH taken AS (
        DELETE FROM figure_change WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM figure_change LIMIT $1 FOR UPDATE SKIP LOCKED
        )) RETURNING *
    ), folded AS (
        INSERT INTO figure (grain, start, rule, template, channel, figure, currency, count, amount)
        SELECT g.grain, date_bin(g.length, t.quarter, '2000-01-01Z') AS start, t.rule, t.template, t.channel, t.figure,
               t.currency, sum(t.count), sum(t.amount)
        FROM taken t CROSS JOIN (VALUES
            ('quarter', interval '15 minutes'), ('hour', '1 hour'), ('day', '1 day')
        ) AS g (grain, length)
        GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (grain, start, rule, template, channel, figure, currency) DO UPDATE SET
            count = figure.count + excluded.count, amount = figure.amount + excluded.amount
    )
    SELECT count(*) FROM taken
"""
