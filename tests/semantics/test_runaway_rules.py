"""Rules that start each other are stopped: eight deep, ten thousand steps."""

from __future__ import annotations

import itertools
import string

from dsl import plan
from engine.core.runs.draft import MOST_STEPS
from engine.testing.virtual.world import World


def emitting(name: str, start: str, *events: str) -> plan.Rule:
    return plan.Rule(
        name=name,
        file="loop.rules",
        line=1,
        trigger=plan.EventTrigger(match=plan.EventMatch(events=(start,))),
        repeated="parallel",
        steps=tuple(plan.Emit(event=event, line=2) for event in events),
    )


def test_a_chain_of_rules_is_followed_eight_deep(shop):
    letters = string.ascii_lowercase[:12]
    pairs = itertools.pairwise(letters)
    world = shop("\n".join(f'rule "{one}" when chained_{one} emit chained_{other}' for one, other in pairs))

    world.event("chained_a")

    assert [event.name[-1] for event in world.memory.events] == list("abcdefghij")
    assert len(world.runs) == 9
    assert [entry.detail for entry in world.timeline if "starts nothing" in entry.detail] == [
        "chained_j starts nothing: it is 9 rules deep"
    ]


def test_what_comes_too_deep_is_history_and_a_stop_all_the_same():
    waiting = plan.Rule(
        name="waits",
        file="loop.rules",
        line=9,
        trigger=plan.EventTrigger(match=plan.EventMatch(events=("outside",)), delay=plan.Length(1, "hour")),
        stops=(plan.Stop(match=plan.EventMatch(events=("again",)), text="stop when again", line=10),),
    )
    world = World(plan.Plan(rules=(waiting, emitting("loop", "again", "again"))))

    world.event("outside")
    world.event("again")

    assert [run.end_reason for run in world.runs if run.rule == "waits"] == ["stop when again"]
    assert max(event.cause.depth for event in world.memory.events if event.cause) == 9


def test_a_rule_that_starts_itself_ends_and_the_others_go_on(shop):
    other = plan.Rule(
        name="other",
        file="loop.rules",
        line=9,
        trigger=plan.EventTrigger(match=plan.EventMatch(events=("again",))),
        steps=(plan.Send(channel="email", template="hello", line=10),),
    )
    world = World(plan.Plan(rules=(emitting("loop", "again", "again"), other)))

    world.event("again")
    world.finish()

    assert world.sent == ["email/hello"]
    assert len(world.memory.events) == 10


def test_a_fan_out_is_cut_at_ten_thousand_steps():
    wide = [emitting(f"wide {number}", "again", *["again"] * 6) for number in range(10)]
    world = World(plan.Plan(rules=tuple(wide)))

    world.event("again")

    taken = sum(run.taken for run in world.runs)
    assert MOST_STEPS // 2 < taken <= MOST_STEPS
    assert "too many steps" in {run.end_reason for run in world.runs}
    assert all(run.state == "ended" for run in world.runs)
