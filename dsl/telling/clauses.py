"""What stands between the start of a rule and its first step, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl import plan
from dsl.messages import Message, say
from dsl.telling.conditions import tell_condition
from dsl.telling.lengths import tell_length
from dsl.telling.triggers import tell_match


def tell_clauses(rule: plan.Rule, events: Mapping[str, plan.EventFacts]) -> Iterator[Message]:
    """Who may be in it, what ends it, how often, and what holds for its messages."""
    yield from _tell_guards(rule)
    yield from _tell_cancels(rule, events)
    yield from _tell_repeats(rule)
    yield from _tell_limits(rule)
    yield from _tell_time(rule)


def _tell_guards(rule: plan.Rule) -> Iterator[Message]:
    for guard in rule.guards:
        condition = tell_condition(guard.condition)
        if guard.word == "only if":
            yield say("Only while {condition}: asked at the start and before every message.", condition=condition)
        else:
            yield say("Not while {condition}: asked at the start and before every message.", condition=condition)
    for stop in rule.stops:
        yield say("Ends at once when {event} happens.", event=tell_match(stop.match))
    if rule.goal is not None:
        event, length = tell_match(rule.goal.match), tell_length(rule.goal.within)
        yield say("Its goal is {event} within {length}: measured, it steers nothing.", event=event, length=length)


def _tell_cancels(rule: plan.Rule, events: Mapping[str, plan.EventFacts]) -> Iterator[Message]:
    """`cancelled_by` of the schema holds for every rule that the event starts. What the rule itself stops at, whatever
    its properties, is told already."""
    start = plan.starting_match(rule.trigger)
    stops = [stop.match for stop in rule.stops if not stop.match.where]
    told = {name for match in stops if not match.same for name in match.events}
    for name in start.events if start is not None else ():
        facts = events.get(name, plan.EventFacts())
        of_key = {each for match in stops if match.same and match.same == facts.key for each in match.events}
        for event in facts.cancelled_by:
            if event in told | of_key:
                continue
            if facts.key is None:
                yield say("Ends at once when {event} happens, as the schema says.", event=event)
            else:
                yield say(
                    "Ends at once when {event} with the same {name} happens, as the schema says.",
                    event=event, name=facts.key,
                )  # fmt: skip
            told.add(event)


def _tell_repeats(rule: plan.Rule) -> Iterator[Message]:
    if rule.once is not None:
        yield _tell_once(rule.once)
    match rule.repeated:
        case "restart":
            yield say("When it is started again on the way, it begins anew.")
        case "ignore":
            yield say("When it is started again on the way, nothing changes.")
        case "parallel":
            yield say("When it is started again on the way, a second run goes beside the first.")
        case None:
            pass
    if rule.first_customers is not None:
        yield say("Only for the first {n} {n:customer|customers}.", n=rule.first_customers)


def _tell_once(once: plan.OncePer) -> Message:
    if once.key is None and once.window is None:
        return say("Each customer gets it once.")
    if once.key is None and once.window is not None:
        return say("Each customer gets it at most once in {length}.", length=tell_length(once.window))
    assert once.key is not None
    if once.window is None:
        return say("Each customer gets it once for the same {name}.", name=once.key.name)
    return say(
        "Each customer gets it at most once in {length} for the same {name}.",
        length=tell_length(once.window), name=once.key.name,
    )  # fmt: skip


def _tell_limits(rule: plan.Rule) -> Iterator[Message]:
    for cap in rule.caps:
        length = tell_length(cap.per)
        if cap.channel is None:
            yield say("At most {n} {n:message|messages} of this rule per {length}.", n=cap.limit, length=length)
        else:
            yield say(
                "At most {n} {channel} {n:message|messages} of this rule per {length}.",
                n=cap.limit, channel=cap.channel, length=length,
            )  # fmt: skip
    if rule.quiet_hours is not None:
        start, end = rule.quiet_hours.start, rule.quiet_hours.end
        yield say("Messages wait from {start} to {end}.", start=start, end=end)
    if rule.ignore_quiet_hours:
        yield say("Messages do not wait for the end of quiet hours.")
    if rule.transactional:
        yield say("Its messages are transactional: no marketing consent is needed, and no limits count them.")


def _tell_time(rule: plan.Rule) -> Iterator[Message]:
    if rule.catch_up is not None:
        yield say("A moment that was missed is made up for within {length}.", length=tell_length(rule.catch_up))
    if rule.timezone is not None:
        yield say("Times are those of {zone}.", zone=rule.timezone)
    if rule.active_from is not None and rule.active_until is not None:
        yield say("Active from {first} to {last}, both days included.", first=rule.active_from, last=rule.active_until)
    elif rule.active_from is not None:
        yield say("Active from {first} on.", first=rule.active_from)
