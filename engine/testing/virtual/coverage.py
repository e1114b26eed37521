"""What of the rules the tests have seen happen: starts, sends and their other ways, arms, both answers of guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dsl import plan
from dsl.messages import say
from engine.core.conditions.program import Program, RuleCode
from engine.core.effects import Note
from engine.core.model import Event, Facts
from engine.core.telling.findings import Known, sight_of
from engine.core.telling.tracing import trace
from engine.testing.virtual.timeline import SentMessage
from engine.testing.virtual.world import World


@dataclass(frozen=True, slots=True)
class Point:
    """Something that a test can make happen. Equal points are the same one."""

    rule: str
    what: str  # started, send, yes, no, arm, held, refused, stopped
    of: str  # which: `email "cart"`, the words of the guard, the arm
    line: int  # of the rule file
    text: str = field(compare=False)  # what a person reads when no test has seen it


@dataclass(slots=True)
class Coverage:
    """Grows with each test. Points of rules that no test stood on count as not seen."""

    points: dict[Point, int] = field(default_factory=dict)  # how often each was seen
    files: dict[str, str] = field(default_factory=dict)  # rule -> its file

    @staticmethod
    def of(rules: Sequence[plan.Rule]) -> Coverage:
        points = {point: 0 for rule in rules for point in points_of(rule)}
        return Coverage(points, {rule.name: rule.file for rule in rules})

    @property
    def percent(self) -> float:
        return 100 * sum(map(bool, self.points.values())) / len(self.points) if self.points else 100.0

    def by_rule(self) -> Mapping[str, list[tuple[Point, int]]]:
        found: dict[str, list[tuple[Point, int]]] = {}
        for point, count in self.points.items():
            found.setdefault(point.rule, []).append((point, count))
        return found

    def see(self, point: Point) -> None:
        if point in self.points:
            self.points[point] += 1

    def watch(self, world: World, program: Program) -> None:
        """From now on, the answers that guards give to events of this world."""
        world.watcher = lambda facts, event: self._ask_guards(world, program, facts, event)

    def add(self, world: World, program: Program) -> None:
        """What happened in a world, when it is over."""
        for entry in world.timeline:
            code = program.by_name.get(entry.rule)
            if code is None:
                continue
            if isinstance(entry.about, Note):
                for point in _noted(code.rule, entry.about):
                    self.see(point)
            elif isinstance(entry.about, SentMessage) and not entry.about.is_outward:
                self._see_send(code.rule, entry.about)

    def _see_send(self, rule: plan.Rule, message: SentMessage) -> None:
        line = getattr(rule.steps[message.step], "line", 0)
        self.see(Point(rule.name, "send", f'{message.channel} "{message.template}"', line, ""))

    def _ask_guards(self, world: World, program: Program, facts: Facts, event: Event) -> None:
        for code in program.rules:
            if code.trigger is None or event.name not in code.trigger.events or not code.rule.guards:
                continue
            if isinstance(code.rule.trigger, plan.SequenceTrigger):
                continue  # asks when it is complete: what its run notes then is the answer
            known = Known(
                customer=facts.customer,
                now=world.now,
                history=world.memory.history.get(event.customer, {}),
                event=event,
            )
            self._ask(code, program, known, event)

    def _ask(self, code: RuleCode, program: Program, known: Known, event: Event) -> None:
        sight = sight_of(program, code, known, event.properties)
        starts = plan.starting_match(code.rule.trigger)
        if starts is not None and starts.where is not None and not trace(starts.where, sight).holds:
            return
        for guard in code.rule.guards:
            self.see(_answer(code.rule, guard, trace(guard.condition, sight).holds == (guard.word == "only if")))


def points_of(rule: plan.Rule) -> Iterator[Point]:
    """In the order of the file."""
    yield Point(rule.name, "started", "", rule.line, say("it never started"))
    for guard in rule.guards:
        yield _answer(rule, guard, True)
        if plan.starting_match(rule.trigger) is not None:  # nobody notes whom a schedule or a date passed over
            yield _answer(rule, guard, False)
    for stop in rule.stops:
        yield Point(rule.name, "stopped", stop.text, stop.line, say("never ended by `{stop}`", stop=stop.text))
    for step in rule.steps:
        yield from _points_of_step(rule.name, step)


def _answer(rule: plan.Rule, guard: plan.Guard, held: bool) -> Point:
    if held:
        return Point(
            rule.name, "held", guard.text, guard.line, say("`{guard}` never let anybody pass", guard=guard.text)
        )
    return Point(
        rule.name, "refused", guard.text, guard.line, say("`{guard}` never held anybody back", guard=guard.text)
    )


def _points_of_step(rule: str, step: plan.Step) -> Iterator[Point]:
    match step:
        case plan.Send():
            ways = [(step.channel, step.template), *((each.channel, each.template) for each in step.fallbacks)]
            for channel, template in ways:
                if channel is not None and channel != "best":
                    name = f'{channel} "{template}"'
                    yield Point(rule, "send", name, step.line, say("{message} never came to be sent", message=name))
        case plan.JumpUnless(line=line):
            yield Point(rule, "yes", "", line, say("the condition was never true"))
            yield Point(rule, "no", "", line, say("the condition was never false"))
        case plan.Split(name=name, arms=arms, line=line):
            for arm in arms:
                label = f"{name}: {arm.label}"
                yield Point(rule, "arm", label, line, say('nobody took the arm "{arm}"', arm=arm.label))
        case _:
            pass


def _noted(rule: plan.Rule, note: Note) -> Iterator[Point]:
    """The points that a line of a run's record tells of."""
    match note.what:
        case "started":
            yield Point(rule.name, "started", "", rule.line, "")
            yield from (_answer(rule, guard, True) for guard in rule.guards)
        case "branch":
            yield Point(rule.name, note.detail, "", note.line, "")
        case "split":
            yield Point(rule.name, "arm", note.detail, note.line, "")
        case "ended":
            yield from (
                Point(rule.name, "stopped", stop.text, stop.line, "")
                for stop in rule.stops
                if (stop.text, stop.line) == (note.detail, note.line)
            )
            yield from (
                _answer(rule, guard, False)
                for guard in rule.guards
                if (guard.text, guard.line) == (note.detail, note.line)
            )
        case _:
            pass
