"""Reasons that the engine itself has recorded, said for people: each shape of text that it writes, with its message.

In English they come out as they were recorded. What an author, a provider or a server wrote stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from dsl.messages import LANGUAGES, Message, in_a_row, in_language, say

Shape: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], Message]]


def tell_reason(reason: str) -> str:
    """A reason that a guard, a run's end or a delivery has given."""
    return said_by(SHAPES, reason) or reason


def forms_of(reason: str) -> tuple[str, ...]:
    """As it is recorded, and as people read it in each language."""
    told = tell_reason(reason)
    return tuple(dict.fromkeys((reason, *(in_language(told, language) for language in LANGUAGES))))


def said_by(shapes: Sequence[Shape], text: str) -> Message | None:
    for pattern, tell in shapes:
        if (match := pattern.fullmatch(text)) is not None:
            return tell(match)
    return None


def shape(pattern: str, tell: Callable[[re.Match[str]], Message]) -> Shape:
    return re.compile(pattern, re.DOTALL), tell


_WORDS = {
    "quiet hours": say("quiet hours"),
    "quiet hours: all day long": say("quiet hours: all day long"),
    "once per": say("once per"),
    "unless": say("unless"),
    "the same message within a minute": say("the same message within a minute"),
    "no consent": say("no consent"),
    "no consent: the person was erased, and has not chosen again": say(
        "no consent: the person was erased, and has not chosen again"
    ),
    "erased": say("the customer was erased"),
    "no email address": say("no email address"),
    "the rule was switched off": say("the rule was switched off"),
    "cap": say("the cap"),
    "cancelled by a publication": say("cancelled by a publication"),
    "sequence not completed": say("the sequence was not completed"),
    "moment past": say("the moment is past"),
    "moment unknown": say("the moment is unknown"),
    "finished": say("finished"),
    "overdue": say("overdue: the server was down for too long"),
    "too many steps": say("too many steps"),
    "holdout": say("held out, for comparison"),
    "exit": say("exit"),
    "merged": say("merged with a run of the same customer"),
    "restarts another run": say("restarts another run"),
    "another run is on its way": say("another run is on its way"),
    "no channel reaches the customer": say("no channel reaches the customer"),
    "the provider refused it": say("the provider refused it"),
    "the worker was gone while handing it over": say("the worker was gone while handing it over"),
    "begins anew in the new version of its rule": say("begins anew in the new version of its rule"),
    "goes on in the new version of its rule": say("goes on in the new version of its rule"),
    "restarted": say("the run began anew"),
}

_LENGTHS = {
    "second": lambda n: say("{n} {n:second|seconds}", n=n),
    "minute": lambda n: say("{n} {n:minute|minutes}", n=n),
    "hour": lambda n: say("{n} {n:hour|hours}", n=n),
    "day": lambda n: say("{n} {n:day|days}", n=n),
    "week": lambda n: say("{n} {n:week|weeks}", n=n),
    "month": lambda n: say("{n} {n:month|months}", n=n),
    "year": lambda n: say("{n} {n:year|years}", n=n),
}
_ONE = {
    "second": say("per second"),
    "minute": say("per minute"),
    "hour": say("per hour"),
    "day": say("per day"),
    "week": say("per week"),
    "month": say("per month"),
    "year": say("per year"),
}


def _tell_cap(match: re.Match[str]) -> Message:
    many, amount, unit = int(match["limit"]), match["amount"], match["unit"]
    counts_all = match["what"].startswith("message")
    what = say("{n} {n:message|messages}", n=many) if counts_all else _tell_many(many, match["what"])
    if match["topic"]:
        what = say("{what} on {topic}", what=what, topic=match["topic"])
    per = say("per {length}", length=_LENGTHS[unit](int(amount))) if amount else _ONE[unit]
    if match["whose"]:
        return say("workspace cap: {what} {per}", what=what, per=per)
    return say("cap: {what} {per}", what=what, per=per)


def _tell_many(many: int, channel: str) -> Message:
    if channel == "email":
        return say("{n} {n:email|emails}", n=many)
    return say("{n} {channel}", n=many, channel=channel)


_CAP = (
    r"(?P<whose>workspace )?cap: (?P<limit>\d+) (?P<what>\w+)(?: on (?P<topic>\w+))? "
    r"per (?:(?P<amount>\d+) )?(?P<unit>second|minute|hour|day|week|month|year)s?"
)

SHAPES: Sequence[Shape] = (
    shape("|".join(map(re.escape, _WORDS)), lambda found: _WORDS[found[0]]),
    shape(
        r"(.+); another way follows", lambda found: say("{reason}; another way follows", reason=tell_reason(found[1]))
    ),
    shape(_CAP, _tell_cap),
    shape(r"public holiday: (.+)", lambda found: say("public holiday: {name}", name=found[1])),
    shape(r"said already by (\w+)", lambda found: say("said already by {channel}", channel=found[1])),
    shape(
        r"sunset: no reaction for (\d+) days",
        lambda found: say("sunset: no reaction for {n} {n:day|days}", n=int(found[1])),
    ),
    shape(r"limit of (\S+)", lambda found: say("limit of {domain}", domain=found[1])),
    shape(r"(\S+) does not answer", lambda found: say("{domain} does not answer", domain=found[1])),
    shape(r"no (\w+) address", lambda found: say("no {channel} address", channel=found[1])),
    shape(r"no consent: topic (\w+) refused", lambda found: say("no consent: topic {topic} refused", topic=found[1])),
    shape(r"no consent: (\w+) refused", lambda found: say("no consent: {channel} refused", channel=found[1])),
    shape(
        r"no consent: (\w+) was never confirmed",
        lambda found: say("no consent: {what} was never confirmed", what=found[1]),
    ),
    shape(
        r"no consent: (\w+) was never agreed to",
        lambda found: say("no consent: {channel} was never agreed to", channel=found[1]),
    ),
    shape(
        r"the address is suppressed: (.+)",
        lambda found: say("the address is suppressed: {why}", why=tell_reason(found[1])),
    ),
    shape(
        r"(\d+) of (\d+) devices gone",
        lambda found: say("{lost} of {all} devices gone, and left out from now on", lost=found[1], all=found[2]),
    ),
    shape(
        r"(\d+ of \d+ devices gone); (.+)",
        lambda found: in_a_row("; ", [tell_reason(found[1]), tell_reason(found[2])]),
    ),
    shape(r"rendered empty: (.+)", lambda found: say("empty in the template: {names}", names=found[1])),
    shape(r"only first (\d+) customers", lambda found: say("only first {n} customers", n=found[1])),
    shape(r"cancelled by (\w+)", lambda found: say("cancelled by {event}", event=found[1])),
    shape(
        r"sequence not completed: no (.+)",
        lambda found: say("the sequence was not completed: no {events}", events=found[1]),
    ),
    shape(
        r"sequence not completed: (.+)", lambda found: say("the sequence was not completed: {event}", event=found[1])
    ),
    shape(r"sent again: (.+)", lambda found: say("sent again: {reason}", reason=tell_reason(found[1]))),
    shape(
        r"not taken within 15 minutes: (.+)",
        lambda found: say("not taken within 15 minutes: {reason}", reason=tell_reason(found[1])),
    ),
    shape(
        r"given up after 5 days: (.+)",
        lambda found: say("given up after 5 days: {reason}", reason=tell_reason(found[1])),
    ),
    shape(
        r"this server has no channel (\w+)", lambda found: say("this server has no channel {channel}", channel=found[1])
    ),
    shape(
        r'kogda\.yaml has no staff group "(.+)"',
        lambda found: say('kogda.yaml has no staff group "{name}"', name=found[1]),
    ),
    shape(r"(\S+) answered (\d.*)", lambda found: say("{who} answered {what}", who=found[1], what=found[2])),
)

#: Why one of several channels was chosen: each part between semicolons.
_CHOICE: Sequence[Shape] = (
    shape(r"no channel reaches the customer", lambda _: say("no channel reaches the customer")),
    shape(r"(\w+) delivered last", lambda found: say("{channel} delivered last", channel=found[1])),
    shape(r"(\w+) was agreed to", lambda found: say("{channel} was agreed to", channel=found[1])),
    shape(r"(\w+) comes first", lambda found: say("{channel} comes first", channel=found[1])),
    shape(
        r"only (\w+) reaches the customer", lambda found: say("only {channel} reaches the customer", channel=found[1])
    ),
    shape(r"(\w+) has no address", lambda found: say("{channel} has no address", channel=found[1])),
    shape(r"(\w+) was refused", lambda found: say("{channel} was refused", channel=found[1])),
)


def tell_choice(reason: str) -> Message:
    return in_a_row("; ", [said_by(_CHOICE, part) or part for part in reason.split("; ")])
