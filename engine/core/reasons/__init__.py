"""Why a message was not sent, waits or was put off, and why a run ended: every reason that the engine itself gives.

What an author, a provider or a server wrote is a reason too, without a code: it is told as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dsl.messages import LANGUAGES, in_language
from engine.core.reasons.kind import ReasonKind
from engine.core.reasons.of_delivery import OF_DELIVERY
from engine.core.reasons.of_guards import OF_GUARDS
from engine.core.reasons.of_runs import OF_RUNS

__all__ = ["REASONS", "Reason", "ReasonKind", "forms_of", "read_reason", "tell_reason"]

#: In the order in which a sentence is held against them.
REASONS: tuple[ReasonKind, ...] = (*OF_DELIVERY, *OF_GUARDS, *OF_RUNS)

_BY_SENTENCE = {each.recorded: each for each in REASONS if "{" not in each.recorded}
_WITH_FACTS = tuple(each for each in REASONS if "{" in each.recorded)
#: A fact of this name is a reason itself.
_NESTED = "why"


@dataclass(frozen=True, slots=True)
class Reason:
    """What a sentence of a record says."""

    kind: ReasonKind
    facts: Mapping[str, str]

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def told(self) -> str:
        return self.kind.told(**{name: tell_reason(it) if name == _NESTED else it for name, it in self.facts.items()})


@lru_cache(4096)
def read_reason(sentence: str) -> Reason | None:
    """None: somebody else's words."""
    if (exact := _BY_SENTENCE.get(sentence)) is not None:
        return Reason(exact, {})
    for kind in _WITH_FACTS:
        if (facts := kind.facts_in(sentence)) is not None:
            return Reason(kind, facts)
    return None


def tell_reason(sentence: str) -> str:
    """For people: a message that can be said in each language, or somebody else's words."""
    reason = read_reason(sentence)
    return reason.told if reason is not None else sentence


def forms_of(sentence: str) -> tuple[str, ...]:
    """As it is recorded, and as people read it in each language."""
    told = tell_reason(sentence)
    return tuple(dict.fromkeys((sentence, *(in_language(told, language) for language in LANGUAGES))))
