"""Why a run ended, or left out a message."""

from __future__ import annotations

from dsl.keywords import ENGLISH, RUSSIAN
from dsl.messages import say
from engine.core.reasons.kind import ReasonKind

FINISHED = ReasonKind("finished", "finished", lambda: say("finished"))
EXIT = ReasonKind("exit", "exit", lambda: say("exit"))
HOLDOUT = ReasonKind("holdout", "holdout", lambda: say("held out, for comparison"))
ONCE_PER = ReasonKind("once_per", "once per", lambda: say("once per"))
ONLY_FIRST = ReasonKind("only_first", "only first {n} customers", lambda n: say("only first {n} customers", n=n))
SEND_UNLESS = ReasonKind("send_unless", "unless", lambda: say("unless"))
SAME_MESSAGE = ReasonKind(
    "same_message", "the same message within a minute", lambda: say("the same message within a minute")
)
MOMENT_PAST = ReasonKind("moment_past", "moment past", lambda: say("the moment is past"))
MOMENT_UNKNOWN = ReasonKind("moment_unknown", "moment unknown", lambda: say("the moment is unknown"))
OVERDUE = ReasonKind("overdue", "overdue", lambda: say("overdue: the server was down for too long"))
TOO_MANY_STEPS = ReasonKind("too_many_steps", "too many steps", lambda: say("too many steps"))
PUT_OFF_TOO_OFTEN = ReasonKind("put_off_too_often", "put off too often", lambda: say("put off too often"))

CANCELLED_BY = ReasonKind(
    "cancelled_by", "cancelled by {event}", lambda event: say("cancelled by {event}", event=event)
)
CANCELLED = ReasonKind(
    "cancelled_by_publication", "cancelled by a publication", lambda: say("cancelled by a publication")
)
GOES_ON = ReasonKind(
    "goes_on_anew",
    "goes on in the new version of its rule",
    lambda: say("goes on in the new version of its rule"),
)
BEGINS_ANEW = ReasonKind(
    "begins_anew",
    "begins anew in the new version of its rule",
    lambda: say("begins anew in the new version of its rule"),
)
RESTARTED = ReasonKind("restarted", "restarted", lambda: say("the run began anew"))
RESTARTS_ANOTHER = ReasonKind("restarts_another", "restarts another run", lambda: say("restarts another run"))
ANOTHER_RUNS = ReasonKind("another_runs", "another run is on its way", lambda: say("another run is on its way"))
MERGED = ReasonKind("merged", "merged", lambda: say("merged with a run of the same customer"))
FAILED = ReasonKind("failed", "failed", lambda: say("failed, and set aside for a person to look at"))

PART_MISSING = ReasonKind(
    "sequence_part_missing",
    "sequence not completed: no {events}",
    lambda events: say("the sequence was not completed: no {events}", events=events),
)
PART_UNWANTED = ReasonKind(
    "sequence_part_unwanted",
    "sequence not completed: {event}",
    lambda event: say("the sequence was not completed: {event}", event=event),
)


def _of_the_rule(code: str, terminal: str) -> ReasonKind:
    """A clause as its author wrote it, in either language; and so it is told."""
    words = "|".join((*ENGLISH[terminal], *RUSSIAN[terminal]))
    return ReasonKind(code, "{clause}", lambda clause: str(clause), looks=rf"(?P<clause>(?i:{words}) .+)")


STOP_WHEN = _of_the_rule("stop_when", "STOP_WHEN")
ONLY_IF = _of_the_rule("only_if", "ONLY_IF")
UNLESS = _of_the_rule("unless", "UNLESS")

OF_RUNS = (
    FINISHED, EXIT, HOLDOUT, ONCE_PER, ONLY_FIRST, SEND_UNLESS, SAME_MESSAGE,
    MOMENT_PAST, MOMENT_UNKNOWN, OVERDUE, TOO_MANY_STEPS, PUT_OFF_TOO_OFTEN,
    CANCELLED_BY, CANCELLED, GOES_ON, BEGINS_ANEW, RESTARTED, RESTARTS_ANOTHER, ANOTHER_RUNS, MERGED, FAILED,
    PART_MISSING, PART_UNWANTED, STOP_WHEN, ONLY_IF, UNLESS,
)  # fmt: skip
