"""An hour or a length of time that a trigger cannot do without, and that was left unsaid."""

from __future__ import annotations

from dsl.example_words import example_word
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, left_out, speaks_russian
from dsl.words import CLAUSES, STEPS, shown

_TRIGGERS = ("WHEN", "EVERY", "ON_DATE")


def hour_of_a_schedule(failure: Failure) -> Finding | None:
    """`every monday send …`, `when 3 days before customer.birthday send …`."""
    if failure.start != "file" or "AT" not in failure.expected or not _goes_on(failure):
        return None
    started = [token.type for token in failure.tokens]
    trigger = max((place for place, type_ in enumerate(started) if type_ in _TRIGGERS), default=None)
    if trigger is None or (started[trigger] == "WHEN" and started[trigger + 1] != "DURATION"):
        return None
    at = shown("AT", russian=speaks_russian(failure))
    return left_out(failure, say("the hour is missing"), say("at what hour of that day?"), f"{at} 10:00")


def time_to_happen_in(failure: Failure) -> Finding | None:
    """`when order_placed 3 times send …`, `when a then not b send …`."""
    if failure.start != "file" or "WITHIN" not in failure.expected or not _goes_on(failure):
        return None
    russian = speaks_russian(failure)
    days = example_word("30_DAYS", "ru" if russian else "en")
    within = shown("WITHIN", russian=russian)
    return left_out(failure, say("it is not said within what time"), say("within how many days?"), f"{within} {days}")


def _goes_on(failure: Failure) -> bool:
    """With the next part of the rule, or not at all."""
    return failure.at_end or failure.keyword((*STEPS, *CLAUSES, "FOR")) is not None
