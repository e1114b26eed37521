"""Why delivery stops a message, or puts it off."""

from __future__ import annotations

from dsl.messages import Message, say
from engine.core.reasons.kind import ReasonKind

RULE_IS_OFF = ReasonKind("rule_switched_off", "the rule was switched off", lambda: say("the rule was switched off"))
NO_ADDRESS = ReasonKind(
    "no_address",
    "no {channel} address",
    lambda channel: say("no email address") if channel == "email" else say("no {channel} address", channel=channel),
)
SUPPRESSED = ReasonKind(
    "address_suppressed",
    "the address is suppressed: {why}",
    lambda why: say("the address is suppressed: {why}", why=why),
)

CHANNEL_REFUSED = ReasonKind(
    "channel_refused",
    "no consent: {channel} refused",
    lambda channel: say("no consent: {channel} refused", channel=channel),
)
TOPIC_REFUSED = ReasonKind(
    "topic_refused",
    "no consent: topic {topic} refused",
    lambda topic: say("no consent: topic {topic} refused", topic=topic),
)
NOT_CONFIRMED = ReasonKind(
    "not_confirmed",
    "no consent: {what} was never confirmed",
    lambda what: say("no consent: {what} was never confirmed", what=what),
)
NOT_AGREED = ReasonKind(
    "not_agreed",
    "no consent: {channel} was never agreed to",
    lambda channel: say("no consent: {channel} was never agreed to", channel=channel),
)
ERASED_BEFORE = ReasonKind(
    "erased_before",
    "no consent: the person was erased, and has not chosen again",
    lambda: say("no consent: the person was erased, and has not chosen again"),
)

QUIET_HOURS = ReasonKind("quiet_hours", "quiet hours", lambda: say("quiet hours"))
ALWAYS_QUIET = ReasonKind("always_quiet", "quiet hours: all day long", lambda: say("quiet hours: all day long"))
HOLIDAY = ReasonKind("public_holiday", "public holiday: {name}", lambda name: say("public holiday: {name}", name=name))
SAID_ALREADY = ReasonKind(
    "said_already", "said already by {channel}", lambda channel: say("said already by {channel}", channel=channel)
)
SUNSET = ReasonKind(
    "sunset",
    "sunset: no reaction for {n} days",
    lambda n: say("sunset: no reaction for {n} {n:day|days}", n=int(n)),
)


def _cap(n: str, what: str, per: str, topic: str | None = None) -> Message:
    return say("cap: {what} {per}", what=_counted(n, what, topic), per=_window(per))


def _workspace_cap(n: str, what: str, per: str, topic: str | None = None) -> Message:
    return say("workspace cap: {what} {per}", what=_counted(n, what, topic), per=_window(per))


CAP = ReasonKind("cap", "cap: {n} {what} per {per}", _cap)
TOPIC_CAP = ReasonKind("topic_cap", "cap: {n} {what} on {topic} per {per}", _cap)
WORKSPACE_CAP = ReasonKind("workspace_cap", "workspace cap: {n} {what} per {per}", _workspace_cap)
WORKSPACE_TOPIC_CAP = ReasonKind(
    "workspace_topic_cap", "workspace cap: {n} {what} on {topic} per {per}", _workspace_cap
)

OF_GUARDS = (
    RULE_IS_OFF, NO_ADDRESS, SUPPRESSED,
    CHANNEL_REFUSED, TOPIC_REFUSED, NOT_CONFIRMED, NOT_AGREED, ERASED_BEFORE,
    QUIET_HOURS, ALWAYS_QUIET, HOLIDAY, SAID_ALREADY,
    CAP, TOPIC_CAP, WORKSPACE_CAP, WORKSPACE_TOPIC_CAP, SUNSET,
)  # fmt: skip


def _counted(n: str, what: str, topic: str | None) -> Message:
    if what.startswith("message"):
        counted = say("{n} {n:message|messages}", n=int(n))
    elif what == "email":
        counted = say("{n} {n:email|emails}", n=int(n))
    else:
        counted = say("{n} {channel}", n=int(n), channel=what)
    return say("{what} on {topic}", what=counted, topic=topic) if topic else counted


def _window(per: str) -> Message:
    amount, _, unit = per.rpartition(" ")
    unit = unit.removesuffix("s")
    return say("per {length}", length=_LENGTHS[unit](int(amount))) if amount else _ONE[unit]


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
