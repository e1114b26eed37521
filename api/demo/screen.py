"""What a person sees while the day goes by: some of what happens, why, and how far the day is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from api.demo.day import BEGINS, Happening
from api.demo.outbox import Settled, Totals
from api.language import told
from dsl.messages import say
from engine.core.reasons import tell_reason

#: Lines for each look at the outbox: what a person can read.
_HAPPENINGS, _MAILS = 1, 2


class Screen:
    """A context manager: a progress bar below, lines above it."""

    def __init__(self, console: Console, *, hours: float) -> None:
        self._console = console
        self._counts: Counter[str] = Counter()
        self._progress = Progress(
            TextColumn("  [bold]{task.fields[clock]}[/bold]"),
            BarColumn(bar_width=28),
            TextColumn(
                told(
                    say(
                        "{events} events   {mails} mails   [dim]{held} not sent[/dim]",
                        events="{task.fields[events]}",
                        mails="{task.fields[mails]}",
                        held="{task.fields[held]}",
                    )
                )
            ),
            console=console,
            transient=True,
            refresh_per_second=4,
        )
        self._task = self._progress.add_task("", total=hours, clock="07:30", events=0, mails=0, held=0)

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, hour: float, happened: Sequence[Happening], settled: Sequence[Settled], sent: int) -> None:
        """`hour` of the shop's day; `sent` events until now."""
        for happening in [each for each in happened if each.why][:_HAPPENINGS]:
            self._print(_happened(happening))
        mails = [message for message in settled if message.state == "sent"]
        others = [message for message in settled if message.state != "sent"]
        for message in [*mails[:_MAILS], *others[:1]]:
            self._print(_settled(message, hour))
        self._counts.update(mails=len(mails), held=len(others))
        self._progress.update(
            self._task,
            completed=hour - BEGINS,
            clock=clock(hour),
            events=sent,
            mails=self._counts["mails"],
            held=self._counts["held"],
        )

    def _print(self, line: str) -> None:
        self._progress.console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def clock(hour: float) -> str:
    minutes = int(hour * 60) % (24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _happened(happening: Happening) -> str:
    who = f"{happening.shopper.first_name}, {happening.shopper.city},"
    name = happening.name or "identify"
    said = f"{escape(who)} {escape(told(happening.why))}"
    return f"  [dim]{clock(happening.at)}[/dim]  [cyan]→[/cyan] {said}  [dim]{name}[/dim]"


def _settled(message: Settled, hour: float) -> str:
    start = f"  [dim]{clock(hour)}[/dim]  "
    if message.state == "sent":
        subject = f"[bold]{escape(message.subject or message.template)}[/bold]"
        line = say(
            "[green]✉[/green] {subject} to {address}  [dim]rule {rule}[/dim]",
            subject=subject,
            address=escape(message.to or ""),
            rule=escape(message.rule),
        )
        return start + told(line)
    reason = tell_reason(message.reason) if message.reason else message.state
    held = say(
        "[yellow]·[/yellow] held back: {template}, {reason}  [dim]rule {rule}[/dim]",
        template=message.template,
        reason=escape(told(reason)),
        rule=escape(message.rule),
    )
    return start + told(held)


def summary(totals: Totals, *, customers: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2), pad_edge=True)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column()
    sent = {template: count for (template, state), count in totals.messages.items() if state == "sent"}
    for what, number, more in _rows(totals, sent, customers=customers):
        table.add_row(told(what), f"{number:,}", told(more))
    for (state, reason), count in totals.reasons.most_common():
        what = say("not sent") if state == "suppressed" else say("not sent ({state})", state=state)
        table.add_row(told(what), f"{count:,}", told(tell_reason(reason)))
    if totals.quarantined:
        why = say("rules or events that failed three times")
        table.add_row(f"[red]{told(say('quarantine'))}[/red]", str(totals.quarantined), told(why))
    return table


def _rows(totals: Totals, sent: Mapping[str, int], *, customers: int) -> list[tuple[str, int, str]]:
    came = say(
        "from {customers} customers; {rejected} rejected, {undecided} undecided",
        customers=customers,
        rejected=totals.rejected or say("none"),
        undecided=totals.undecided,
    )
    went = say(
        "{waiting} are waiting for their next step, {held_out} held out by a split",
        waiting=totals.waiting,
        held_out=totals.held_out,
    )
    mails = ", ".join(f"{name} {sent[name]}" for name in sorted(sent))
    return [
        (say("events"), totals.events, came),
        (say("runs"), totals.runs, went),
        (say("mails sent"), sum(sent.values()), mails),
    ]
