"""What the language can say and this version does not execute is refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl import syntax
from dsl.catalog import Catalog
from dsl.checks.subject import Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import Problems, listed
from dsl.walk import Index, of_type


@dataclass(frozen=True, slots=True)
class NotYet:
    code: str
    what: str
    instead: str = ""


SEGMENTS = NotYet("E603", say("segments"), say("write the condition with `define` and ask it with `only if`"))
BEST = NotYet("E617", say("`send best`"), say("name the channel: send email …"))
FALLBACKS = NotYet("E618", say("a second channel after `or`"), say("send on one channel"))

NOT_YET: dict[type[syntax.Node], NotYet] = {
    syntax.SequenceTrigger: NotYet(
        "E601",
        say("a sequence of events as a start"),
        say("start with the first event, then: wait for EVENT up to … if arrived then … end"),
    ),
    syntax.TimesTrigger: NotYet("E602", say("an event that happens several times as a start")),
    syntax.SegmentTrigger: SEGMENTS,
    syntax.Segment: SEGMENTS,
    syntax.ChangeTrigger: NotYet(
        "E604", say("a changed attribute as a start"), say("let the application send an event when it changes")
    ),
    syntax.DateTrigger: NotYet(
        "E605", say("a date as a start"), say("start with an event, then: wait until 3 days before customer.… at 10:00")
    ),
    syntax.ScheduleTrigger: NotYet("E606", say("a schedule as a start")),
    syntax.InactivityTrigger: NotYet(
        "E607",
        say("inactivity as a start"),
        say("when EVENT after 30 days if repeated restart, which starts again at each event"),
    ),
    syntax.Aggregate: NotYet(
        "E608", say("counts, sums and averages of history"), say("ask whether it happened: EVENT in last …")
    ),
    syntax.LastValue: NotYet("E609", say("values of the last event"), say("ask whether it happened: EVENT in last …")),
    syntax.DaysSince: NotYet(
        "E609", say("days since the last event"), say("ask whether it happened: not EVENT in last …")
    ),
    syntax.Cap: NotYet("E610", say("a limit of messages"), say("once per …")),
    syntax.QuietHours: NotYet("E611", say("quiet hours"), say("wait until 10:00 before the send")),
    syntax.IgnoreQuietHours: NotYet("E611", say("quiet hours"), say("leave it out: there are no quiet hours yet")),
    syntax.CatchUp: NotYet("E612", say("catching up on missed schedules")),
    syntax.Points: NotYet("E613", say("points"), say("emit an event that the loyalty system reads")),
    syntax.IssuePromo: NotYet("E614", say("promo codes"), say("send a fixed code: with code = …")),
    syntax.Issued: NotYet("E614", say("promo codes")),
    syntax.Call: NotYet("E615", say("calls of other systems"), say("emit an event")),
    syntax.Notify: NotYet("E616", say("notes to the staff"), say("emit an event")),
    syntax.ChangeNumber: NotYet("E619", say("counting in an attribute"), say("set it: set customer.… to …")),
    syntax.FirstCustomers: NotYet("E620", say("a limit of customers")),
}


def check_not_yet(subject: Subject, found: list[Diagnostic]) -> None:
    for source, nodes in subject.indexes():
        problems = Problems(source, found)
        for node, refused in _refused(nodes, subject.catalog):
            problems.error(
                refused.code,
                say("not yet: {what}", what=refused.what),
                Label(node.span, say("I can read this, but this version does not run it")),
                notes=[say("instead: {instead}", instead=refused.instead)] if refused.instead else [],
            )


def _refused(nodes: Index, catalog: Catalog) -> Iterator[tuple[syntax.Node, NotYet]]:
    for cls in nodes.keys() & NOT_YET.keys():
        yield from ((node, NOT_YET[cls]) for node in nodes[cls])
    for send in of_type(nodes, syntax.Send):
        yield from _refused_channels(send, catalog)


def _refused_channels(send: syntax.Send, catalog: Catalog) -> Iterator[tuple[syntax.Node, NotYet]]:
    first = send.first
    if first.channel is None:
        yield first, BEST
    elif first.channel not in catalog.channels:
        known = listed([f"send {channel}" for channel in catalog.channels])
        yield first, NotYet("E621", say("the channel {channel}", channel=first.channel), known)
    if send.fallbacks:
        yield send.fallbacks[0], FALLBACKS
