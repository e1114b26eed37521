"""What becomes of a run when its rule is published anew: it finishes on its version, unless its author says else."""

from __future__ import annotations

from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from dsl import plan
from dsl.differences import plain_step
from engine.core.model import Run
from engine.core.reasons.of_runs import CANCELLED

#: finish: on its own version, the default. move: goes on in the new one. restart: begins anew in it. cancel: ends.
Fate: TypeAlias = Literal["finish", "move", "restart", "cancel"]


def places_after(old: plan.Rule, new: plan.Rule) -> dict[int, int]:
    """Where each place between the old steps lies among the new ones. A run that stands elsewhere cannot move.

    A place is kept when the step before it, in which the run waits, and all before that are told apart by nothing.
    """
    before, after = [plain_step(step) for step in old.steps], [plain_step(step) for step in new.steps]
    kept = {0: 0}
    for start, new_start, length in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        for offset in range(length):
            kept[start + offset + 1] = new_start + offset + 1
    return kept


def moved(run: Run, rule_set: int, places: dict[int, int]) -> Run | None:
    """The run in its new version; None: it finishes on its own, because its place is no more, or because what it
    waits to hear is known by a place that has shifted."""
    place = places.get(run.step)
    if place is None or run.stage:
        return None
    if place != run.step and (run.state == "sending" or run.promos):
        return None
    return run.but(rule_set=rule_set, step=place, version=run.version + 1)


def restarted(run: Run, rule_set: int, now: datetime) -> Run:
    """From its first step, at once, with the event that it began with."""
    return run.but(
        rule_set=rule_set,
        step=0,
        state="waiting",
        wake_at=now,
        since=None,
        stage=0,
        waits_for_event=False,
        arrived=None,
        ways=(),
        said=0,
        issue=None,
        activation=run.activation + 1,
        version=run.version + 1,
    )


def cancelled(run: Run, now: datetime) -> Run:
    return run.but(
        state="ended",
        wake_at=None,
        since=None,
        waits_for_event=False,
        ended_at=now,
        end_reason=CANCELLED.recorded,
        version=run.version + 1,
    )
