"""Mailings to many at once: a decision that reads nothing of a customer but a few facts holds for all who share them.

See docs/decisions/0020-one-decision-for-a-crowd.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsl import plan
from engine.core.conditions.needs import nodes_of
from engine.core.conditions.program import Program, RuleCode
from engine.core.delivery.ways import naming_of_first
from engine.core.effects import Effects, NewMessage, Note
from engine.core.model import Appointment, OnceMark, Run
from engine.core.standing.index import Standing, WakeKey
from engine.core.standing.starting import naming_of_occasion

#: What is told apart by a column of the customer, or by nobody else.
_OF_ONE = frozenset({"id", "email", "phone", "locale", "tags", "points"})
_HISTORY = (plan.Happened, plan.Tally, plan.LastValue, plan.DaysSince)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrowdCode:
    """A scheduled rule, and all that its start reads of a customer besides the time zone and the appointment."""

    rule: str
    definition: str  # of the appointment
    segments: Mapping[str, str]  # whether the customer is in them, with their definitions
    attributes: tuple[str, ...]
    stops: tuple[str, ...]  # events that would end the run at once, had they come after the appointment
    is_once: bool


def crowd_codes(program: Program) -> dict[WakeKey, CrowdCode]:
    """Of the rules that may be decided once for many, by their appointments."""
    standing = program.standing
    if standing is None:
        return {}
    found = ((code.rule.name, _crowd_code(standing, code)) for code in program.rules)
    return {("schedule", name): crowd for name, crowd in found if crowd is not None}


def _crowd_code(standing: Standing, code: RuleCode) -> CrowdCode | None:
    rule = code.rule
    if not isinstance(rule.trigger, plan.ScheduleTrigger) or rule.first_customers is not None:
        return None
    steps = list(_first_steps(code))
    if not all(_is_the_same_for_all(step) for step in steps):
        return None
    asked = (rule.trigger.audience, tuple(guard.condition for guard in rule.guards), tuple(map(_asked_by, steps)))
    if any(nodes_of(asked, _HISTORY)):
        return None
    names = {node.name.partition(".")[0] for node in nodes_of(asked, (plan.Attribute,))}
    segments = {node.segment for node in nodes_of(asked, (plan.InSegment,))}
    if names & _OF_ONE or not segments <= standing.segments.keys():
        return None
    return CrowdCode(
        rule=rule.name,
        definition=standing.wakes["schedule", rule.name].definition,
        segments={name: standing.segments[name].definition for name in sorted(segments)},
        attributes=tuple(sorted(names - {"timezone"})),
        stops=tuple(sorted({name for stop in code.stops for name in stop.match.events})),
        is_once=rule.once is not None,
    )


def _first_steps(code: RuleCode) -> Iterator[plan.Step]:
    """Those that a new run may take before it waits for something."""
    steps, seen, waiting = code.rule.steps, set[int](), [0]
    while waiting:
        index = waiting.pop()
        if index not in seen and index < len(steps):
            seen.add(index)
            yield steps[index]
            waiting += _following(code, index)


def _following(code: RuleCode, index: int) -> tuple[int, ...]:
    step = code.rule.steps[index]
    if isinstance(step, plan.Jump):
        return (step.at,)
    if isinstance(step, plan.JumpUnless):
        return index + 1, step.at
    if isinstance(step, plan.Send):
        goes_on = step.unless is not None or index in code.last_sends
    elif isinstance(step, plan.WaitUntil):
        goes_on = step.or_now
    else:
        goes_on = not isinstance(step, plan.Wait | plan.WaitFor | plan.Exit)
    return (index + 1,) if goes_on else ()


def _is_the_same_for_all(step: plan.Step) -> bool:
    if isinstance(step, plan.Send):
        return not (step.best_of or any(way.best_of for way in step.fallbacks))
    return isinstance(step, plan.Wait | plan.WaitUntil | plan.WaitFor | plan.Jump | plan.JumpUnless | plan.Exit)


def _asked_by(step: plan.Step) -> tuple[Any, ...]:
    if isinstance(step, plan.Send):
        return step.unless, tuple(operand for _, operand in step.variables)
    if isinstance(step, plan.JumpUnless):
        return (step.condition,)
    return (step.base,) if isinstance(step, plan.WaitUntil) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What was decided for one customer, to be written for others: the same but for the ids."""

    appointment: Appointment
    run: Run | None = None
    message: NewMessage | None = None
    mark: OnceMark | None = None
    notes: tuple[Note, ...] = ()

    def ids_for(self, customers: Iterable[str]) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Ids of occasions, runs and their messages, if there are any, for customers by the hexadecimal digits of their
        ids."""
        occasions, runs = naming_of_occasion(self.appointment.name, self.appointment.done)(customers)
        return occasions, runs, naming_of_first(self.message.step)(runs) if self.message is not None else []


def pattern_of(effects: Effects, key: WakeKey) -> Pattern | None:
    """None: something in it is this customer's alone."""
    if len(effects.appointments) != 1 or len(effects.runs) > 1 or len(effects.messages) > 1 or len(effects.marks) > 1:
        return None
    [appointment] = effects.appointments
    pattern = Pattern(
        appointment=appointment,
        run=next(iter(effects.runs), None),
        message=next(iter(effects.messages), None),
        mark=next(iter(effects.marks), None),
        notes=effects.notes,
    )
    is_all = effects == Effects(
        runs=effects.runs,
        messages=effects.messages,
        marks=effects.marks,
        notes=effects.notes,
        appointments=effects.appointments,
    )
    if not is_all or (appointment.errand, appointment.name) != key:
        return None
    return pattern if pattern.run is None or _is_as_it_says(pattern, pattern.run) else None


def _is_at_its_first_wait(pattern: Pattern, run: Run) -> bool:
    """A start that comes late may be past it at once: what follows may read anything."""
    waits = [note for note in pattern.notes if note.what == "waits"]
    return not waits or (len(waits) == 1 and run.wake_at is not None)


def _is_as_it_says(pattern: Pattern, run: Run) -> bool:
    """Whether the customer it was decided for gets back what was decided."""
    [occasion], [made], messages = pattern.ids_for([run.customer.hex])
    its_own = [note.run for note in pattern.notes]
    its_own += [each.run for each in (pattern.message, pattern.mark) if each is not None]
    is_first = not (run.activation or run.said or run.split or run.promos) and _is_at_its_first_wait(pattern, run)
    is_found = (run.id.bytes, run.event_id.bytes) == (made, occasion)
    is_told = pattern.message is None or [pattern.message.id.bytes] == messages
    return is_first and is_found and is_told and all(each == run.id for each in its_own)
