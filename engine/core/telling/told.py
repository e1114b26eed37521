"""What is recorded of runs and messages, said for people. Records are English words that never change; this is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl.messages import Message, say
from engine.core.reasons import tell_reason
from engine.core.telling.choices import tell_choice
from engine.core.telling.shapes import Shape, said_by, shape

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


def tell_staff_note(group: str, way: Mapping[str, Any], state: str, reason: str | None) -> Message:
    """What became of a note to the staff by one way of the group: `{"email": address}`, `{"slack": …}`."""
    told: str = _tell_state(state)
    if reason:
        told = say("{state}: {reason}", state=told, reason=tell_reason(reason))
    by = "".join(way["email"] if name == "email" else name for name in way)
    if not by:
        return say('the note to "{group}" {state}', group=group, state=told)
    return say('the note to "{group}" by {way} {state}', group=group, way=by, state=told)


def tell_reaction(channel: str, template: str, kind: str, detail: Mapping[str, Any]) -> Message:
    """What a message met with: `email "cart" clicked: https://shop.example/`."""
    told: str = _REACTIONS.get(kind, kind)
    money = f"{detail['revenue']} {detail.get('currency') or ''}".strip() if detail.get("revenue") else None
    more = detail.get("link") or detail.get("reason") or detail.get("button") or money
    if more:
        told = say("{state}: {reason}", state=told, reason=more)
    return say('{channel} "{template}" {state}', channel=channel, template=template, state=told)


def _tell_wait(said: str) -> Message:
    moment, colon, reason = said.removeprefix("until ").partition(": ")
    if not said.startswith("until "):
        return said_by(_WAITS, said) or say("waits: {what}", what=said)
    if colon:
        return say("waits until {moment}: {reason}", moment=moment, reason=tell_reason(reason))
    return say("waits until {moment}", moment=moment)


def _tell_skip(said: str) -> Message:
    message, _, reason = said.partition(": ")
    told = said_by(_MESSAGES, message) or message
    return say("skipped {message}: {reason}", message=told, reason=tell_reason(reason))


def _clocks(detail: str, zone: ZoneInfo) -> str:
    return _ISO.sub(lambda found: f"{datetime.fromisoformat(found[0]).astimezone(zone):%Y-%m-%d %H:%M:%S}", detail)


def _tell_state(state: str) -> str:
    return _STATES.get(state, state)


_WAITS: Sequence[Shape] = (
    shape(
        r"for (.+) until (.+)", lambda found: say("waits: for {what} until {moment}", what=found[1], moment=found[2])
    ),
)
_MESSAGES: Sequence[Shape] = (
    shape(r'(\w+) "(.+)"', lambda found: say('{channel} "{template}"', channel=found[1], template=found[2])),
)
_CAUSES: Sequence[Shape] = (
    shape(r"customer in (\w+)", lambda found: say("customer in {segment}", segment=found[1])),
    shape(r"customer enters (\w+)", lambda found: say("customer enters {segment}", segment=found[1])),
    shape(r"customer leaves (\w+)", lambda found: say("customer leaves {segment}", segment=found[1])),
    shape(r"(\S+) changed", lambda found: say("{attribute} changed", attribute=found[1])),
)
_CHANGES: Sequence[Shape] = (
    shape(r'add tag "(.+)"', lambda found: say('add tag "{tag}"', tag=found[1])),
    shape(r'remove tag "(.+)"', lambda found: say('remove tag "{tag}"', tag=found[1])),
    shape(r"add (\d+) points", lambda found: say("add {n} points", n=found[1])),
    shape(r"remove (\d+) points", lambda found: say("remove {n} points", n=found[1])),
    shape(
        r"remove (\d+) points, (\d+) of them",
        lambda found: say("remove {n} points, {some} of them", n=found[1], some=found[2]),
    ),
    shape(
        r"(?:increase|decrease) (\S+): no amount that can be counted",
        lambda found: say("{attribute}: no amount that can be counted", attribute=found[1]),
    ),
)
_EMITTED: Sequence[Shape] = (
    shape(
        r"(\w+) starts nothing: it is (\d+) rules deep",
        lambda found: say(
            "made the event {event}; it starts nothing: it is {n} rules deep", event=found[1], n=found[2]
        ),
    ),
)
_ISSUED: Sequence[Shape] = (
    shape(r'no code: "(.+)" is dry', lambda found: say('no code: "{pool}" is dry', pool=found[1])),
    shape(r'(\S+) of "(.+)"', lambda found: say('{code} of "{pool}"', code=found[1], pool=found[2])),
)
_CALLED: Sequence[Shape] = (
    shape(r'the webhook "(.+)"', lambda found: say('the webhook "{name}"', name=found[1])),
    shape(r'the staff group "(.+)"', lambda found: say('the staff group "{name}"', name=found[1])),
)
_CHOICES: Sequence[Shape] = (
    shape(
        r'best "(.+)": ([\w, ]+) \((.+)\)',
        lambda found: say(
            'best "{template}": {channels} ({why})', template=found[1], channels=found[2], why=tell_choice(found[3])
        ),
    ),
)

_NOTES: dict[str, Callable[[str], Message]] = {
    "started": lambda said: say("began: {cause}", cause=said_by(_CAUSES, said) or said),
    "restarted": lambda said: say("began anew: {cause}", cause=said_by(_CAUSES, said) or tell_reason(said)),
    "waits": _tell_wait,
    "skipped": _tell_skip,
    "ended": lambda said: say("ended: {reason}", reason=tell_reason(said)),
    "branch": lambda said: say("the condition: {answer}", answer=say("yes") if said == "yes" else say("no")),
    "split": lambda said: say("took the part {part}", part=said),
    "changed": lambda said: say("changed: {what}", what=said_by(_CHANGES, said) or tell_reason(said)),
    "emitted": lambda said: said_by(_EMITTED, said) or say("made the event {what}", what=said),
    "issued": lambda said: say("promo code: {what}", what=said_by(_ISSUED, said) or said),
    "called": lambda said: say("told {whom}", whom=said_by(_CALLED, said) or said),
    "chooses": lambda said: say("chose the channel: {what}", what=said_by(_CHOICES, said) or said),
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

_REACTIONS = {
    "delivered": say("delivered"),
    "opened": say("opened"),
    "clicked": say("clicked"),
    "pressed": say("a button pressed"),
    "bounced": say("bounced"),
    "failed": say("not delivered"),
    "complained": say("reported as spam"),
    "converted": say("reached the goal"),
}
