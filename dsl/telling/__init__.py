"""A rule read back in plain sentences, as the engine will run it: from its plan, so nothing is told that was not
compiled. The lines are messages: they can be said in every language of `dsl.messages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dsl import plan
from dsl.messages import say
from dsl.telling.clauses import tell_clauses
from dsl.telling.conditions import tell_condition
from dsl.telling.steps import tell_steps
from dsl.telling.triggers import tell_trigger

__all__ = ["Line", "tell_condition", "tell_rule"]

_NO_FACTS: Mapping[str, plan.EventFacts] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `depth` is how far it stands inside branches; `number` that of a step, such as "3.1"."""

    text: str
    depth: int = 0
    number: str = ""


def tell_rule(rule: plan.Rule, events: Mapping[str, plan.EventFacts] = _NO_FACTS) -> list[Line]:
    """What starts the rule, what holds for it, and its steps in order. `events`: of the schema, to tell what cancels
    it."""
    lines = [Line(tell_trigger(rule.trigger))]
    lines += [Line(text) for text in tell_clauses(rule, events)]
    steps = list(_numbered(tell_steps(rule.steps)))
    return [*lines, *(steps or [Line(say("It does nothing yet."))])]


def _numbered(told: Iterator[tuple[int, str, bool]]) -> Iterator[Line]:
    counts: list[int] = []
    for depth, text, is_step in told:
        if not is_step:
            del counts[depth + 1 :]
            yield Line(text, depth)
            continue
        counts += [0] * (depth + 1 - len(counts))
        del counts[depth + 1 :]
        counts[depth] += 1
        yield Line(text, depth, str(counts[depth]))
