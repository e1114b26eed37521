"""The ways of one `send`: a channel and its template, the best of several channels, and what follows after `or`."""

from __future__ import annotations

from collections.abc import Sequence

from dsl import plan, syntax
from dsl.compiling.lookup import report_look_alike
from dsl.compiling.templates import find_template
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import listed
from dsl.scope import Scope

#: `plan.Send.channel` of a `send best`.
BEST = "best"


def compile_ways(step: syntax.Send, scope: Scope) -> tuple[plan.Recipient, ...] | None:
    """The first way and its fallbacks, each with a template that exists; None when something is wrong with one."""
    ways = [_compile_way(recipient, scope) for recipient in (step.first, *step.fallbacks)]
    _refuse_repeated(step, scope)
    found = tuple(way for way in ways if way is not None)
    return found if len(found) == len(ways) else None


def _compile_way(recipient: syntax.Recipient, scope: Scope) -> plan.Recipient | None:
    if recipient.channel is None:
        return _compile_best(recipient, scope)
    if not _has_channel(recipient.channel, recipient, scope) or find_template(recipient, scope) is None:
        return None
    return plan.Recipient(channel=recipient.channel, template=recipient.template.text)


def _compile_best(recipient: syntax.Recipient, scope: Scope) -> plan.Recipient | None:
    name = recipient.template.text
    channels: tuple[str, ...] = recipient.best_of
    if channels:
        named = [
            _has_channel(channel, recipient, scope) and find_template(recipient, scope, channel=channel) is not None
            for channel in channels
        ]
        if not all(named):
            return None
    else:
        channels = tuple(each for each in scope.catalog.channels if (each, name) in scope.catalog.templates)
    if channels:
        return plan.Recipient(channel=None, template=name, best_of=tuple(dict.fromkeys(channels)))
    every = sorted({template for _, template in scope.catalog.templates})
    if report_look_alike(name, recipient.template.span, problems=scope.problems, candidates=every, quoted=True):
        return None
    scope.problems.error(
        "E204",
        say('no channel has a template "{name}"', name=name),
        Label(recipient.template.span, say("this server has: {all}", all=listed(scope.catalog.channels))),
        notes=[say("templates: {all}", all=listed(every))] if every else [],
    )
    return None


def _has_channel(channel: str, recipient: syntax.Recipient, scope: Scope) -> bool:
    known = scope.catalog.channels
    if channel in known:
        return True
    scope.problems.error(
        "E621",
        say("this server has no channel {channel}", channel=channel),
        Label(recipient.span, say("it has: {all}", all=listed(known))),
        notes=[add_channel(channel, known)],
    )
    return False


def add_channel(channel: str, known: Sequence[str]) -> str:
    example = f"channels: [{', '.join((*known, channel))}]"
    return say("add it to kogda.yaml under channels, for example: {example}", example=example)


def _refuse_repeated(step: syntax.Send, scope: Scope) -> None:
    seen: dict[tuple[object, ...], syntax.Recipient] = {}
    for each in (step.first, *step.fallbacks):
        way = (each.channel, each.best_of, each.template.text)
        if way in seen:
            scope.problems.error(
                "E333",
                say("the second way is the same as the first"),
                (Label(each.span, say("what could not be delivered once is not tried again")), Label(seen[way].span)),
            )
        seen.setdefault(way, each)
