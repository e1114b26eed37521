"""`kogda report`: what was sent, and what came of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.language import told
from api.opened_database import opened_for_reading
from api.schemas.reports import answer_of
from api.supervisor.services import connected
from dsl.messages import say
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.flow.telling.report_messages import Line, MessageReport, report_messages
from engine.tracking.lift import Lift


def report(
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what became of the messages of the last days, by rule, template and channel."""
    with connected(read_settings(data=data), makes_database=False) as whole:
        found = asyncio.run(_load(whole, days))
    print(answer_of(found).model_dump_json(indent=2) if as_json else rendered(found, days))


async def _load(settings: Settings, days: int) -> MessageReport:
    async with opened_for_reading(settings) as connection:
        now = utc_now()
        return await report_messages(connection, now - timedelta(days=days), now)


def rendered(found: MessageReport, days: int) -> str:
    if not found.lines:
        return told(say("Nothing was sent in the last {days} days.", days=days))
    blocks = [told(say("Messages of the last {days} days", days=days))]
    reporting = {line.subject.channel for line in found.lines if line.counts["delivered"]}
    blocks += ["\n".join(_line(line, is_reported=line.subject.channel in reporting)) for line in found.lines]
    blocks += [_lift(rule, lift) for rule, lift in found.lifts.items()]
    if any(line.subject.channel not in reporting for line in found.lines):
        blocks.append(told(say("Where nothing is said of delivered ones, no provider has reported any.")))
    return "\n\n".join(blocks)


def _line(line: Line, *, is_reported: bool) -> list[str]:
    subject, counts = line.subject, line.counts
    sent = counts["sent"]
    shares = [
        *([("delivered", say("delivered"))] if is_reported else []),
        ("opened", say("opened")),
        ("clicked", say("clicked")),
        ("converted", say("converted")),
    ]
    troubles = [
        ("bounced", say("bounced")),
        ("complained", say("complained")),
        ("unsubscribed", say("unsubscribed")),
        ("failed", say("not sent")),
        ("suppressed", say("not allowed")),
    ]
    told_shares = [f"{told(word)} {counts[name]:,}{_share(counts[name], sent)}" for name, word in shares]
    told_troubles = [f"{told(word)} {counts[name]:,}" for name, word in troubles if counts[name]]
    revenue = [f"{amount:,.2f} {currency}".strip() for currency, amount in sorted(line.revenue.items())]
    lines = [
        f'{subject.channel} "{subject.template}" · {subject.rule}',
        "  " + ", ".join([told(say("sent {n}", n=f"{sent:,}")), *told_shares]),
    ]
    if told_troubles:
        lines.append("  " + ", ".join(told_troubles))
    if revenue:
        lines.append("  " + told(say("revenue {amounts}", amounts=", ".join(revenue))))
    return lines


def _share(count: int, of: int) -> str:
    return f" ({count / of:.1%})" if of else ""


def _lift(rule: str, lift: Lift) -> str:
    numbers = say(
        "{rule}: {treated} of {people} reached the goal with it, {held} of {others} without it",
        rule=rule,
        treated=f"{lift.treated.rate:.1%}",
        people=f"{lift.treated.people:,}",
        held=f"{lift.held_out.rate:.1%}",
        others=f"{lift.held_out.people:,}",
    )
    interval = f"{lift.low:+.1%} … {lift.high:+.1%}"
    verdict = (
        say("a difference of {interval} in 19 cases of 20", interval=interval)
        if lift.is_proven
        else say("no difference is proven yet: {interval} in 19 cases of 20", interval=interval)
    )
    return f"{told(numbers)}\n  {told(verdict)}"
