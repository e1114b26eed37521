"""A rule that raises for one customer is reported, leaves nothing half-done, and stops nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import Program, load_program
from engine.core.model import Customer, Event, Facts
from engine.core.runs.advancing import advance
from engine.core.runs.deeds import Deed, Scene

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CUSTOMER = Customer(id=UUID(int=1), key="u:1")


def breaks(step: plan.SetTag, scene: Scene) -> Deed:
    raise ZeroDivisionError("boom")


def rule(name: str, *steps: plan.Step, wait: int = 0) -> plan.Rule:
    delay = plan.Length(wait, "hour") if wait else None
    return plan.Rule(
        name=name,
        file="a.rules",
        line=1,
        trigger=plan.EventTrigger(match=plan.EventMatch(events=("bought",)), delay=delay),
        steps=steps,
    )


SEND = plan.Send(channel="email", template="hello", line=2)
BREAK = plan.SetTag(tag="x", add=True, line=3)
SET = plan.SetAttribute(name="stage", value=plan.Constant("text", "warm"), line=4)
EMIT = plan.Emit(event="emitted", line=5)


def program(*rules: plan.Rule) -> Program:
    return load_program(plan.Plan(rules=rules), 1, {**ACTIONS, plan.SetTag: breaks})


def event(number: int, name: str = "bought", at: datetime = NOW) -> Event:
    return Event(
        id=UUID(int=number), customer=CUSTOMER.id, kind="track", name=name, at=at, received_at=at, properties={}
    )


def test_a_rule_that_raises_leaves_nothing_and_the_others_act():
    loaded = program(rule("bad", SET, EMIT, BREAK), rule("good", replace(SEND, template="good")))

    effects = advance({1: loaded}, 1, Facts(customer=CUSTOMER), [event(7)], [], now=NOW, horizon=NOW)

    [failure] = effects.failures
    assert (failure.rule, failure.event, failure.run, failure.error) == (
        "bad", UUID(int=7), None, "ZeroDivisionError: boom",
    )  # fmt: skip
    assert "breaks" in failure.detail
    assert [message.template for message in effects.messages] == ["good"]
    assert [run.rule for run in effects.runs] == ["good"]
    assert {note.run for note in effects.notes} == {effects.runs[0].id}
    assert (effects.customer, effects.emitted) == (None, ())


def test_a_timer_that_raises_leaves_its_run_as_it_was():
    loaded = program(rule("bad", SET, BREAK, wait=1), rule("good", SEND, wait=1))
    started = advance({1: loaded}, 1, Facts(customer=CUSTOMER), [event(7)], [], now=NOW, horizon=NOW)
    later = NOW + timedelta(hours=1)

    facts = Facts(customer=CUSTOMER, runs=started.runs)
    effects = advance({1: loaded}, 1, facts, [], [], now=later, horizon=later)

    [failure] = effects.failures
    assert (failure.rule, failure.event) == ("bad", None)
    assert failure.run == next(run.id for run in started.runs if run.rule == "bad")
    assert [run.rule for run in effects.runs] == ["good"]
    assert effects.customer is None


def test_a_run_whose_rule_set_was_not_given_is_a_failure_of_that_run_alone():
    loaded = program(rule("late", SEND, wait=1))
    started = advance({1: loaded}, 1, Facts(customer=CUSTOMER), [event(7)], [], now=NOW, horizon=NOW)
    [run] = started.runs
    later = NOW + timedelta(hours=1)

    facts = Facts(customer=CUSTOMER, runs=(replace(run, id=UUID(int=5), rule_set=99), run))
    effects = advance({1: loaded}, 1, facts, [], [], now=later, horizon=later)

    assert [failure.rule_set for failure in effects.failures] == [99]
    assert len(effects.messages) == 1
