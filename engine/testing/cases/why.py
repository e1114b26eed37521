"""Why a message was not sent, as the record of the runs tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dsl import plan
from dsl.messages import in_a_row, say
from engine.core.reasons import tell_reason
from engine.testing.cases.playing import Play
from engine.testing.reading.script import Wanted
from engine.testing.virtual.skips import skips_of
from engine.testing.virtual.timeline import Entry, SentMessage

_TELLING = ("ended", "skipped")


def why_not(wanted: Wanted, play: Play) -> str:
    """The time it was sent at instead, the end of the run that should have sent it, or that none began."""
    same = [each for each in play.world.messages if (each.channel, each.template) == (wanted.channel, wanted.template)]
    theirs = [each for each in same if wanted.who is None or each.customer == wanted.who.cast_as]
    zone = (wanted.who or next(iter(play.script.people.values()))).zone
    if sent := [each for each in theirs if each.state == "sent"]:
        if others := _carried_otherwise(sent, wanted):
            return others
        moments = ", ".join(f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}" for each in sent)
        return say("{wanted} was sent at {moments}", wanted=wanted.text, moments=moments)
    if refused := [each for each in skips_of(play.world) if (each.channel, each.template) == _key(wanted)]:
        last = refused[-1]
        return say(
            "{at} {wanted} was not sent: {reason}",
            at=f"{last.at.astimezone(zone):%Y-%m-%d %H:%M}",
            wanted=wanted.text,
            reason=tell_reason(last.reason),
        )
    rules = [rule for rule in play.ground.plan.rules if _sends(rule, wanted)]
    if not rules:
        return say("no rule of {all} sends {wanted}", all=", ".join(play.ground.files), wanted=wanted.text)
    began = [rule for rule in rules if any(_entries(rule, wanted, play))]
    return in_a_row("; ", (_story(rule, wanted, play) for rule in began or rules))


def _carried_otherwise(sent: list[SentMessage], wanted: Wanted) -> str:
    """What a call or a note carried instead, when that is the difference."""
    if wanted.said is not None:
        said = ", ".join(f'"{each.context.get("text", "")}"' for each in sent)
        return say("it said {said}", said=said)
    if wanted.given:
        carried = "; ".join(json.dumps(each.context.get("with"), ensure_ascii=False) for each in sent)
        return say("it carried {carried}", carried=carried)
    return ""


def _key(wanted: Wanted) -> tuple[str, str]:
    return wanted.channel, wanted.template


def _sends(rule: plan.Rule, wanted: Wanted) -> bool:
    return any(_says(step) == _key(wanted) for step in rule.steps)


def _says(step: plan.Step) -> tuple[str, str] | None:
    match step:
        case plan.Send():
            return step.channel, step.template
        case plan.Call():
            return "webhook", step.target
        case plan.Notify():
            return "staff", step.group
    return None


def _story(rule: plan.Rule, wanted: Wanted, play: Play) -> str:
    zone = (wanted.who or next(iter(play.script.people.values()))).zone
    told = [entry for entry in _entries(rule, wanted, play) if entry.what in _TELLING]
    if told:
        last = told[-1]
        place = f"{rule.file}:{last.line}" if last.line else f"{rule.file}:{rule.line}"
        return f'{last.at.astimezone(zone):%Y-%m-%d %H:%M} "{rule.name}" {last.what}: {last.detail} ({place})'
    if any(_entries(rule, wanted, play)):
        return say('"{rule}" went another way ({file}:{line})', rule=rule.name, file=rule.file, line=rule.line)
    return say(
        'no run of "{rule}" began: nothing started it, or a condition said no ({file}:{line})',
        rule=rule.name,
        file=rule.file,
        line=rule.line,
    )


def _entries(rule: plan.Rule, wanted: Wanted, play: Play) -> Iterator[Entry]:
    for entry in play.world.timeline:
        if entry.rule == rule.name and (wanted.who is None or entry.customer == wanted.who.cast_as):
            yield entry
