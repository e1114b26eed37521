"""What a loaded program knows of its plan."""

from __future__ import annotations

from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import load_program


def asks(event: str) -> plan.Expression:
    return plan.Not(plan.All((plan.Any((plan.Happened(event),)),)))


def match(event: str, asked: str) -> plan.EventMatch:
    return plan.EventMatch(events=(event,), where=asks(asked))


RULE = plan.Rule(
    name="x",
    file="x.rules",
    line=1,
    trigger=plan.EventTrigger(match=match("start", "in_trigger")),
    guards=(plan.Guard(word="unless", condition=asks("in_guard"), text="", line=1),),
    stops=(plan.Stop(match=match("stop", "in_stop"), text="", line=1),),
    goal=plan.Goal(match=match("goal", "in_goal"), within=plan.Length(1, "day")),
    steps=(
        plan.Send(channel="email", template="x", unless=asks("in_send"), line=1),
        plan.WaitFor(match=match("arrives", "in_wait"), up_to=plan.Length(1, "day"), line=1),
        plan.JumpUnless(condition=asks("in_branch"), at=3, line=1),
    ),
)


def test_reads_are_all_events_that_conditions_ask_about_and_those_that_stop_or_cancel():
    facts = {"start": plan.EventFacts(cancelled_by=("cancel",))}

    program = load_program(plan.Plan(rules=(RULE,), events=facts), 1, ACTIONS)

    asked = {"in_trigger", "in_guard", "in_stop", "in_goal", "in_send", "in_wait", "in_branch"}
    assert program.reads == asked | {"stop", "cancel"}


def test_a_run_is_concerned_by_what_stops_cancels_moves_and_measures_it():
    facts = {"start": plan.EventFacts(cancelled_by=("cancel",))}

    [code] = load_program(plan.Plan(rules=(RULE,), events=facts), 1, ACTIONS).rules

    assert code.concerned_by == {"stop", "cancel", "arrives", "goal"}


def test_many_rules_share_the_code_of_their_shapes():
    rules = tuple(
        plan.Rule(
            name=str(number),
            file="x.rules",
            line=number,
            trigger=plan.EventTrigger(match=plan.EventMatch(events=(f"event_{number}",))),
            guards=(plan.Guard(word="unless", condition=plan.Happened(f"other_{number}"), text="", line=1),),
        )
        for number in range(1000)
    )

    program = load_program(plan.Plan(rules=rules), 1, ACTIONS)

    assert len({code.guards[0].holds.__code__ for code in program.rules}) == 1
