"""A delay that nothing interrupts: the reminder also reaches those who have already done it (S5)."""

from __future__ import annotations

from dsl import syntax
from dsl.around import Around
from dsl.catalog import EventType
from dsl.checks.subject import CheckedRule, Subject
from dsl.compiling.lengths import about_seconds
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import listed
from dsl.walk import of_type

GUARDS = (syntax.OnlyIf, syntax.Unless, syntax.StopWhen)


def check_unguarded_delay(subject: Subject, found: list[Diagnostic]) -> None:
    for rule in subject.rules:
        if not rule.compiled or not rule.scope.events or _is_guarded(rule):
            continue
        if rule.node.delay:
            _report(rule, rule.node.delay, _likely_stoppers(rule.scope.events, rule), subject.around)
        elif (wait := _wait_before_a_send(rule)) and (stoppers := _cancelling(rule.scope.events, rule)):
            _report(rule, wait.duration, stoppers, subject.around)


def _is_guarded(rule: CheckedRule) -> bool:
    if any(isinstance(clause, GUARDS) for clause in rule.node.clauses):
        return True
    if any(event.cancelled_by for event in rule.scope.events or ()):
        return True
    if any(isinstance(clause, syntax.IfRepeated) and clause.policy == "restart" for clause in rule.node.clauses):
        return True  # the same event begins the wait anew, as for those who have not come back
    branches = of_type(rule.nodes, syntax.Branch)
    return all(
        send.unless or any(branch.span.start <= send.span.start < branch.span.end for branch in branches)
        for send in of_type(rule.nodes, syntax.Send)
    )


def _wait_before_a_send(rule: CheckedRule) -> syntax.Wait | None:
    """In a row of steps; who branches or waits for an event has thought of it."""
    if any(rule.nodes.get(kind) for kind in (syntax.Branch, syntax.WaitFor)):
        return None
    waits = of_type(rule.nodes, syntax.Wait)
    later = [send.span.start for send in of_type(rule.nodes, syntax.Send) if not send.unless]
    return next((wait for wait in waits if later and max(later) > wait.span.start), None)


def _cancelling(events: tuple[EventType, ...], rule: CheckedRule) -> list[str]:
    """Most waits are meant to be waited out; hardly where an event about the same object cancels others already."""
    cancelling = {name for event in rule.scope.catalog.events.values() for name in event.cancelled_by}
    return [name for name in _likely_stoppers(events, rule) if name in cancelling]


def _report(rule: CheckedRule, delay: syntax.Duration, stoppers: list[str], around: Around | None) -> None:
    events = rule.scope.events or ()
    names = listed([event.name for event in events])
    notes = [
        say("for example: stop when {stoppers}", stoppers=stoppers[0])
        if stoppers
        else say("say what ends it: stop when EVENT")
    ]
    rule.scope.problems.warn(
        "W501",
        say("this is sent even to people who have done it in the meantime"),
        Label(
            delay.span,
            say(
                'nothing stops the wait of {written}: {names} {count:has|have} no "cancelled_by" in the schema',
                written=rule.scope.source.words(delay.span),
                names=names,
                count=len(events),
            ),
        ),
        notes=[
            *_seen(rule, delay, stoppers, around),
            *notes,
            say("or add `cancelled_by` to the event in schema.yaml, or `unless …` to the send"),
        ],
    )


def _seen(rule: CheckedRule, delay: syntax.Duration, stoppers: list[str], around: Around | None) -> list[str]:
    """How many would get it for nothing, when the customers' own numbers are known."""
    if not around or not around.observed or not stoppers:
        return []
    event = (rule.scope.events or ())[0].name
    followed = around.observed.followed.get((event, stoppers[0]))
    within = followed.within(about_seconds(delay)) if followed and followed.starts else None
    if not followed or not within:
        return []
    return [
        say(
            "last {days} days: {count} of {starts} {event} were followed by {stopper} within {hours}h ({share})",
            days=around.observed.days,
            count=f"{within[1]:,}",
            starts=f"{followed.starts:,}",
            event=event,
            stopper=stoppers[0],
            hours=f"{within[0] / 3600:.3g}",
            share=f"{within[1] / followed.starts:.0%}",
        )
    ]


def _likely_stoppers(events: tuple[EventType, ...], rule: CheckedRule) -> list[str]:
    """Events about the same object: those with the first event's key. What cancels other events comes first."""
    if not events or events[0].key is None:
        return []
    key, own = events[0].key, {event.name for event in events}
    known = rule.scope.catalog.own_events().values()
    cancelling = {name for event in known for name in event.cancelled_by}
    same = [each.name for each in known if key in each.properties and each.name not in own]
    return sorted(same, key=lambda name: name not in cancelling)
