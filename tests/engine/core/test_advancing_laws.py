"""What holds for `advance` whatever the rules, events, delays and verdicts are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import plan
from engine.actions import ACTIONS
from engine.core.conditions.program import Program, load_program
from engine.core.effects import Effects, NewMessage
from engine.core.identity import derived_id
from engine.core.model import Event, Facts, Outcome, Run
from engine.core.runs.advancing import advance
from engine.testing.virtual.memory import Memory
from tests.drills.sizes import sized

NAMES = ("a", "b", "c")
START = datetime(2026, 3, 27, 9, tzinfo=UTC)

names = st.sampled_from(NAMES)
lengths = st.builds(plan.Length, st.integers(0, 3), st.sampled_from(["minute", "hour", "day"]))
conditions = (
    st.builds(plan.Happened, names, st.none() | lengths)
    | st.builds(plan.Compare, st.just(plan.Property("n", "number")), st.just(">"), st.just(plan.Constant("number", 2)))
    | st.builds(
        plan.Compare, st.just(plan.Attribute("seen", "text")), st.just("is"), st.just(plan.Constant("text", "x"))
    )
)
event_matches = st.builds(
    plan.EventMatch,
    events=st.lists(names, min_size=1, max_size=2, unique=True).map(tuple),
    where=st.none() | st.none() | conditions,
    same=st.sampled_from([None, None, "n"]),
)


def setting(name: str, value: str) -> plan.SetAttribute:
    return plan.SetAttribute(name=name, value=plan.Constant("text", value), line=7)


def steps(last: int) -> st.SearchStrategy[tuple[plan.Step, ...]]:
    """Up to `last` steps; every jump goes ahead, as the compiler makes them."""
    ahead = st.integers(1, last)
    step = st.one_of(
        st.builds(plan.Send, channel=st.just("email"), template=names, unless=st.none() | conditions, line=st.just(2)),
        st.builds(plan.Wait, length=lengths, line=st.just(3)),
        st.builds(plan.WaitUntil, mode=st.just("clock"), time=st.just("10:00"), line=st.just(4)),
        st.builds(plan.WaitFor, match=event_matches, up_to=lengths, line=st.just(5)),
        st.builds(plan.JumpUnless, condition=st.just(plan.Arrived()) | conditions, at=ahead, line=st.just(6)),
        st.sampled_from([setting("seen", "x"), setting("timezone", "Asia/Tokyo")]),
        st.builds(plan.Emit, event=names, line=st.just(8)),
        st.builds(plan.Exit, line=st.just(9)),
    )  # fmt: skip
    return st.lists(step, min_size=1, max_size=last).map(_only_ahead)


def _only_ahead(drawn: list[plan.Step]) -> tuple[plan.Step, ...]:
    return tuple(
        replace(step, at=min(max(step.at, index + 1), len(drawn))) if isinstance(step, plan.JumpUnless) else step
        for index, step in enumerate(drawn)
    )


rules = st.builds(
    plan.Rule,
    name=st.just(""),
    file=st.just("laws.rules"),
    line=st.just(1),
    trigger=st.builds(
        plan.EventTrigger,
        match=st.builds(plan.EventMatch, events=names.map(lambda name: (name,))),
        delay=st.none() | lengths,
    ),
    guards=st.lists(
        st.builds(plan.Guard, word=st.just("unless"), condition=conditions, text=st.just("unless"), line=st.just(1)),
        max_size=1,
    ).map(tuple),
    stops=st.lists(st.builds(plan.Stop, match=event_matches, text=st.just("stop"), line=st.just(1)), max_size=1).map(
        tuple
    ),
    once=st.none() | st.builds(plan.OncePer, window=st.none() | lengths),
    repeated=st.sampled_from([None, "restart", "ignore", "parallel"]),
    priority=st.integers(0, 2),
    steps=steps(5),
)


@st.composite
def plans(draw: st.DrawFn) -> plan.Plan:
    drawn = draw(st.lists(rules, min_size=1, max_size=4))
    named = [replace(rule, name=f"rule {number}", line=number) for number, rule in enumerate(drawn)]
    key = draw(st.sampled_from([None, "n"]))
    facts = plan.EventFacts(key=key, cancelled_by=tuple(draw(st.lists(names, max_size=1))))
    ordered = sorted(named, key=lambda rule: (-rule.priority, rule.line))
    return plan.Plan(timezone="Europe/Berlin", rules=tuple(ordered), events={"a": facts})


happenings = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 2, 59, 60, 61, 180, 1439]),  # minutes since the one before
        st.lists(
            st.tuples(names, st.integers(0, 4), st.sampled_from([0, 0, 0, 1, 30, 200])), max_size=2
        ),  # name, n, minutes late
        st.sampled_from(["sent", "failed", "suppressed", "unknown"]),
        st.booleans(),  # whether verdicts have come
    ),
    min_size=1,
    max_size=14,
)


class Life:
    """One customer through many batches; each is decided twice, with its facts in another order."""

    def __init__(self, made: plan.Plan) -> None:
        self.programs: dict[int, Program] = {1: load_program(made, 1, ACTIONS)}
        self.memory = Memory()
        self.customer = self.memory.customer("u:1").id
        self.now = START
        self.messages: list[NewMessage] = []
        self.numbers = 0

    def batch(self, events: list[Event], outcomes: list[Outcome]) -> Effects:
        facts = self.memory.facts(self.customer)
        effects = self.decide(facts, events, outcomes)
        assert effects == self.decide(replace(facts, runs=facts.runs[::-1], once=facts.once[::-1]), events, outcomes), (
            "the same facts in another order"
        )
        self.check(facts, effects, events, outcomes)
        for event in events:
            self.memory.remember(event)
        self.memory.apply(self.customer, effects)
        self.memory.withdrawn(effects.withdrawals)
        self.messages += effects.messages
        return effects

    def decide(self, facts: Facts, events: list[Event], outcomes: list[Outcome]) -> Effects:
        return advance(self.programs, 1, facts, events, outcomes, now=self.now, horizon=self.now)

    def check(self, facts: Facts, effects: Effects, events: list[Event], outcomes: list[Outcome]) -> None:
        before = {run.id: run for run in facts.runs}
        assert effects.failures == ()
        assert len({run.id for run in effects.runs}) == len(effects.runs)
        for run in effects.runs:
            was = before.get(run.id)
            assert was is None or was.state != "ended", "an ended run changed"
            if was is not None and not events and not outcomes and not effects.emitted:
                moved = run.wake_at != was.wake_at and run.step == was.step
                assert moved or (was.wake_at is not None and was.wake_at <= self.now), "a step was taken early"
            assert (run.state == "waiting") == (run.wake_at is not None)
            assert (run.state == "ended") == (run.ended_at is not None)
        for message in effects.messages:
            assert message.run not in before or before[message.run].state != "ended", "a message after the end"

    def events(self, drawn: list[tuple[str, int, int]]) -> list[Event]:
        made = []
        for name, number, late in drawn:
            self.numbers += 1
            made.append(
                Event(
                    id=derived_id("event", str(self.numbers)),
                    customer=self.customer,
                    kind="track",
                    name=name,
                    at=self.now - timedelta(minutes=late),
                    received_at=self.now,
                    properties={"n": number},
                )
            )
        return made

    def outcomes(self, state: str) -> list[Outcome]:
        queued, self.memory.queued = self.memory.queued, []
        return [
            Outcome(message=message.id, run=message.run, state=state, at=self.now)  # type: ignore[arg-type]
            for message in queued
        ]


@settings(max_examples=sized(300, 5000), deadline=None)
@given(plans(), happenings)
def test_nothing_is_early_nothing_comes_after_the_end_and_nothing_twice(made, happened):
    life = Life(made)

    for minutes, events, state, settled in happened:
        life.now += timedelta(minutes=minutes)
        life.batch(life.events(events), life.outcomes(state) if settled else [])

    assert max(Counter(message.id for message in life.messages).values(), default=1) == 1


@settings(max_examples=sized(300, 5000), deadline=None)
@given(plans(), happenings)
def test_a_stopped_run_is_silent_for_ever(made, happened):
    life = Life(made)
    stopped: set[UUID] = set()

    for minutes, events, state, settled in happened:
        life.now += timedelta(minutes=minutes)
        effects = life.batch(life.events(events), life.outcomes(state) if settled else [])

        assert not stopped & {message.run for message in effects.messages}
        stopped |= {run.id for run in effects.runs if is_stopped(run)}
        assert not stopped & {message.run for message in life.memory.queued}


def is_stopped(run: Run) -> bool:
    return run.end_reason is not None and run.end_reason.startswith(("stop", "cancelled"))
