"""What the reports answer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from engine.flow.telling.report_messages import Line, MessageReport
from engine.tracking.lift import Group, Lift


class Revenue(BaseModel):
    amount: Decimal
    currency: str | None


class MessageFigures(BaseModel):
    """Messages of one rule, template and channel, by what became of them; each counts once in a figure."""

    rule: str
    template: str
    channel: str
    sent: int = Field(description="handed over, or perhaps handed over")
    delivered: int = Field(description="as providers report; 0 where none does")
    opened: int = Field(description="by people; who followed a link has opened the mail")
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int = Field(description="by a link of the message")
    failed: int
    suppressed: int = Field(description="never sent, because a guard said no")
    converted: int = Field(description="goals that this message gets the credit for")
    revenue: list[Revenue]


class GroupFigures(BaseModel):
    people: int
    converted: int
    rate: float


class LiftFigures(BaseModel):
    """Customers whom the rule reached against those whom its `split` kept out."""

    rule: str
    treated: GroupFigures
    held_out: GroupFigures
    difference: float = Field(description="of the rates")
    low: float = Field(description="with `high` the interval of the difference, at 95 %")
    high: float
    is_proven: bool = Field(description="the interval leaves out that nothing changed")


class MessageReportAnswer(BaseModel):
    since: datetime
    until: datetime
    messages: list[MessageFigures]
    lifts: list[LiftFigures]


def answer_of(report: MessageReport) -> MessageReportAnswer:
    return MessageReportAnswer(
        since=report.since,
        until=report.until,
        messages=[_figures(line) for line in report.lines],
        lifts=[_lift(rule, lift) for rule, lift in report.lifts.items()],
    )


def _figures(line: Line) -> MessageFigures:
    names = MessageFigures.model_fields.keys() - {"rule", "template", "channel", "revenue"}
    revenue = [Revenue(amount=amount, currency=currency or None) for currency, amount in sorted(line.revenue.items())]
    counts = {name: line.counts[name] for name in names}
    return MessageFigures.model_validate({**line.subject._asdict(), **counts, "revenue": revenue})


def _lift(rule: str, lift: Lift) -> LiftFigures:
    return LiftFigures(
        rule=rule,
        treated=_group(lift.treated),
        held_out=_group(lift.held_out),
        difference=lift.difference,
        low=lift.low,
        high=lift.high,
        is_proven=lift.is_proven,
    )


def _group(group: Group) -> GroupFigures:
    return GroupFigures(people=group.people, converted=group.converted, rate=group.rate)
