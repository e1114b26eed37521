"""What is recorded of runs and messages, said for people. Records are English words that never change; this is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from dsl.messages import Message, say

_ISO = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


def tell_note(what: str, detail: str, zone: ZoneInfo) -> Message:
    """A line of a run's record: `began: order_placed`."""
    said = _clocks(detail, zone)
    tell = _NOTES.get(what)
    return tell(said) if tell is not None else say("{what}: {detail}", what=what, detail=said)


def tell_message(channel: str, template: str, state: str, reason: str | None) -> Message:
    """What became of a message: `email "cart": skipped: no consent: email refused`."""
    told: str = _tell_state(state)
    if reason:
        told = say("{state}: {reason}", state=told, reason=tell_reason(reason))
    return say('{channel} "{template}" {state}', channel=channel, template=template, state=told)


def tell_reason(reason: str) -> str:
    """A reason that a guard or a run's end has given; what an author or a provider wrote stays as it is."""
    head, colon, rest = reason.partition(": ")
    told = _REASONS.get(head)
    if told is None:
        return reason
    return say("{state}: {reason}", state=told, reason=rest) if colon else told


def _tell_wait(said: str) -> Message:
    moment, colon, reason = said.removeprefix("until ").partition(": ")
    if not said.startswith("until "):
        return say("waits: {what}", what=said)
    if colon:
        return say("waits until {moment}: {reason}", moment=moment, reason=tell_reason(reason))
    return say("waits until {moment}", moment=moment)


def _tell_skip(said: str) -> Message:
    message, _, reason = said.partition(": ")
    return say("skipped {message}: {reason}", message=message, reason=tell_reason(reason))


def _clocks(detail: str, zone: ZoneInfo) -> str:
    return _ISO.sub(lambda found: f"{datetime.fromisoformat(found[0]).astimezone(zone):%Y-%m-%d %H:%M:%S}", detail)


def _tell_state(state: str) -> str:
    return _STATES.get(state, state)


_NOTES: dict[str, Callable[[str], Message]] = {
    "started": lambda said: say("began: {cause}", cause=said),
    "restarted": lambda said: say("began anew: {cause}", cause=said),
    "waits": _tell_wait,
    "skipped": _tell_skip,
    "ended": lambda said: say("ended: {reason}", reason=tell_reason(said)),
    "branch": lambda said: say("the condition: {answer}", answer=say("yes") if said == "yes" else say("no")),
    "split": lambda said: say("took the part {part}", part=said),
    "changed": lambda said: say("changed: {what}", what=said),
    "emitted": lambda said: say("made the event {what}", what=said),
    "issued": lambda said: say("promo code: {what}", what=said),
    "called": lambda said: say("told {whom}", whom=said),
    "chooses": lambda said: say("chose the channel: {what}", what=said),
}

_STATES = {
    "sent": say("sent"),
    "suppressed": say("not sent"),
    "failed": say("not delivered"),
    "unknown": say("nobody knows whether it went out"),
    "withdrawn": say("taken back"),
    "postponed": say("put off"),
    "queued": say("waits to be sent"),
}

_REASONS = {
    "rendered empty": say("empty in the template"),
    "quiet hours": say("quiet hours"),
    "once per": say("once per"),
    "unless": say("unless"),
    "the same message within a minute": say("the same message within a minute"),
    "no consent": say("no consent"),
    "no email address": say("no email address"),
    "the rule was switched off": say("the rule was switched off"),
    "the address is suppressed": say("the address is suppressed"),
    "cap": say("the cap"),
    "cancelled by a publication": say("cancelled by a publication"),
    "sequence not completed": say("the sequence was not completed"),
    "moment past": say("the moment is past"),
    "finished": say("finished"),
    "overdue": say("overdue: the server was down for too long"),
    "too many steps": say("too many steps"),
    "holdout": say("held out, for comparison"),
    "exit": say("exit"),
    "merged": say("merged with a run of the same customer"),
    "restarts another run": say("restarts another run"),
    "another run is on its way": say("another run is on its way"),
    "no channel reaches the customer": say("no channel reaches the customer"),
}
