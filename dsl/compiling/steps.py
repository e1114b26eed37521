"""Steps of a rule, made flat: branches and splits become jumps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from dsl import plan, syntax
from dsl.compiling.comparisons import accepts
from dsl.compiling.conditions import compile_condition
from dsl.compiling.deeds import compile_call, compile_change, compile_notify, compile_points, compile_promo
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import report_unknown
from dsl.compiling.misreadings import waits_for_an_hour
from dsl.compiling.targets import find_target
from dsl.compiling.triggers import compile_match
from dsl.compiling.values import compile_value
from dsl.compiling.ways import BEST, compile_ways
from dsl.diagnostics import Label
from dsl.event_names import find_event
from dsl.messages import say
from dsl.scope import Scope, Typed, described

#: What every template can read without `with`.
BUILT_IN_VARIABLES = (
    "customer", "event", "workspace", "message", "unsubscribe_url", "preferences_url", "view_url",
    "locale", "subject", "preheader", "promo",
)  # fmt: skip


def compile_steps(steps: tuple[syntax.Step, ...], scope: Scope) -> tuple[plan.Step, ...]:
    """Faulty steps are reported and left out, so the result is only of use when nothing was reported."""
    flat = Flat(scope)
    flat.add_all(steps)
    return tuple(flat.steps)


def split_name(split: syntax.Split, unnamed_before: int) -> str:
    """Its own, or its place among the rule's splits without a name: other steps may change, the name stays."""
    if split.name:
        return split.name.text
    return "split" if unnamed_before == 0 else f"split {unnamed_before + 1}"


def arm_label(arm: syntax.SplitArm, index: int) -> str:
    """Its own, "holdout", or a letter by its place."""
    if arm.holdout:
        return "holdout"
    return arm.label.text if arm.label else chr(ord("A") + index % 26)


@dataclass(slots=True)
class Flat:
    """Steps in a row, and what the text above the next one has said."""

    scope: Scope
    steps: list[plan.Step] = field(default_factory=list)
    has_waited_for: bool = False
    has_issued: bool = False
    unnamed_splits: int = 0

    @property
    def here(self) -> Scope:
        if not (self.has_waited_for or self.has_issued):
            return self.scope
        return replace(self.scope, after_wait_for=self.has_waited_for, after_issue=self.has_issued)

    def add_all(self, steps: tuple[syntax.Step, ...]) -> None:
        for step in steps:
            self._add(step)

    def _add(self, step: syntax.Step) -> None:
        match step:
            case syntax.Branch():
                self._add_branch(step)
            case syntax.Split():
                self._add_split(step)
            case syntax.WaitFor():
                self._add_wait_for(step)
            case _:
                compiled = _compile_step(step, self.here)
                self.has_issued = self.has_issued or isinstance(step, syntax.IssuePromo)
                if compiled:
                    self.steps.append(compiled)

    def _hold_place(self) -> int:
        self.steps.append(plan.Jump(at=0))
        return len(self.steps) - 1

    def _add_branch(self, step: syntax.Branch) -> None:
        ends = []
        for arm in step.arms:
            condition = compile_condition(arm.condition, self.here)
            gate = self._hold_place()
            self.add_all(arm.steps)
            if arm is not step.arms[-1] or step.otherwise:
                ends.append(self._hold_place())
            if condition is not None:
                line = self.scope.line(arm.condition.span)
                self.steps[gate] = plan.JumpUnless(condition=condition, at=len(self.steps), line=line)
        self.add_all(step.otherwise or ())
        for place in ends:
            self.steps[place] = plan.Jump(at=len(self.steps))

    def _add_split(self, step: syntax.Split) -> None:
        name = split_name(step, self.unnamed_splits)
        self.unnamed_splits += step.name is None
        gate, ends, arms = self._hold_place(), [], []
        for index, arm in enumerate(step.arms):
            share = int(arm.share.value * 100)
            at = None if arm.holdout else len(self.steps)
            arms.append(plan.Arm(label=arm_label(arm, index), share=share, at=at))
            if not arm.holdout:
                self.add_all(arm.steps)
                ends.append(self._hold_place())
        for place in ends:
            self.steps[place] = plan.Jump(at=len(self.steps))
        self.steps[gate] = plan.Split(name=name, arms=tuple(arms), line=self.scope.line(step.span))

    def _add_wait_for(self, step: syntax.WaitFor) -> None:
        match_ = compile_match(step.events, step.same, self.here, in_run=True)
        up_to = compile_length(step.up_to, self.scope)
        self.has_waited_for = True
        if match_ and up_to:
            self.steps.append(plan.WaitFor(match=match_, up_to=up_to, line=self.scope.line(step.span)))


def _compile_step(step: syntax.Step, scope: Scope) -> plan.Step | None:
    line = scope.line(step.span)
    match step:
        case syntax.Send():
            return _compile_send(step, scope)
        case syntax.Wait():
            length = compile_length(step.duration, scope)
            return plan.Wait(length=length, line=line) if length else None
        case syntax.WaitUntilClock():
            return plan.WaitUntil(
                mode="clock", time=_clock(step.at), weekdays=step.weekdays, tomorrow=step.tomorrow, line=line
            )
        case syntax.WaitUntilDate():
            return plan.WaitUntil(mode="date", date=step.date.value.isoformat(), time=_clock(step.at), line=line)
        case syntax.WaitUntilMoment():
            return _compile_wait_until_moment(step, scope)
        case syntax.Exit():
            return plan.Exit(line=line)
        case syntax.SetAttribute():
            return _compile_set(step, scope)
        case syntax.Tag():
            return plan.SetTag(tag=step.tag.text, add=step.add, line=line)
        case _:
            return _compile_deed(step, scope)
    return None


def _compile_deed(step: syntax.Step, scope: Scope) -> plan.Step | None:
    match step:
        case syntax.Emit():
            return _compile_emit(step, scope)
        case syntax.Call():
            return compile_call(step, _compile_pairs(step.properties, scope), scope)
        case syntax.ChangeNumber():
            return compile_change(step, scope)
        case syntax.Points():
            return compile_points(step, scope)
        case syntax.IssuePromo():
            return compile_promo(step, scope)
        case syntax.Notify():
            return compile_notify(step, scope)
    return None


def _clock(time: syntax.ClockTime | None) -> str | None:
    return time.value.isoformat("minutes") if time else None


def _compile_send(step: syntax.Send, scope: Scope) -> plan.Send | None:
    variables = _compile_pairs(step.variables, scope)
    unless = compile_condition(step.unless, scope) if step.unless else None
    for pair, value in variables:
        _check_variable(pair, value, scope)
    ways = compile_ways(step, scope)
    if ways is None:
        return None
    first, *fallbacks = ways
    return plan.Send(
        channel=first.channel or BEST,
        template=first.template,
        best_of=first.best_of,
        fallbacks=tuple(fallbacks),
        variables=tuple((pair.name.text, value.operand) for pair, value in variables),
        unless=unless,
        line=scope.line(step.span),
    )


def _compile_pairs(pairs: tuple[syntax.Pair, ...], scope: Scope) -> list[tuple[syntax.Pair, Typed]]:
    compiled: list[tuple[syntax.Pair, Typed]] = []
    seen: dict[str, syntax.Pair] = {}
    for pair in pairs:
        value = compile_value(pair.value, scope)
        if pair.name.text in seen:
            scope.problems.error(
                "E325",
                say('"{pair}" is given twice', pair=pair.name.text),
                (
                    Label(pair.name.span, say("which of the two?")),
                    Label(seen[pair.name.text].span, say("the first one")),
                ),
            )
        seen.setdefault(pair.name.text, pair)
        if value is not None:
            compiled.append((pair, value))
    return compiled


def _check_variable(pair: syntax.Pair, value: Typed, scope: Scope) -> None:
    if pair.name.text in BUILT_IN_VARIABLES:
        scope.problems.error(
            "E325",
            say('"{pair}" is already known to every template', pair=pair.name.text),
            Label(pair.name.span, say("choose another name")),
        )
    if value.kind.name in ("clock", "duration"):
        written = scope.source.slice(pair.value.span)
        scope.problems.error(
            "E326",
            say(
                "a template cannot be given {kind}",
                kind=described(value.kind) if value.kind.name == "duration" else say("a clock time"),
            ),
            Label(value.span, say("write it as text, the way it should be read")),
            notes=[f'{pair.name.text} = "{written}"'],
        )


def _compile_wait_until_moment(step: syntax.WaitUntilMoment, scope: Scope) -> plan.WaitUntil | None:
    if step.path and waits_for_an_hour(step.path, scope):
        return None
    base = compile_value(step.path, scope) if step.path else None
    offset = compile_length(step.offset, scope) if step.offset else None
    if (step.path and base is None) or (step.offset and offset is None):
        return None
    if base is not None and (base.kind.name not in ("date", "moment") or base.kind.is_list):
        scope.problems.error(
            "E321",
            say("this is not a moment one can wait for"),
            Label(base.span, say("this is {kind}, not a date", kind=described(base.kind))),
        )
        return None
    if base is None and (step.before or offset is None):
        scope.problems.error(
            "E321",
            say("the start of the run is always past"),
            Label(step.span, say("write: after start, with a length of time")),
        )
        return None
    return plan.WaitUntil(
        mode="moment",
        time=_clock(step.at),
        base=base.operand if base else None,
        offset=offset,
        before=step.before,
        or_now=step.or_now,
        line=scope.line(step.span),
    )


def _compile_set(step: syntax.SetAttribute, scope: Scope) -> plan.SetAttribute | None:
    value = compile_value(step.value, scope)
    found = find_target(step.path, scope)
    if found is None or value is None:
        return None
    name, kind = found
    reason_not = accepts(kind, value, scope)
    if reason_not:
        scope.problems.error(
            "E315",
            say('"{step}" cannot have this value', step=step.path),
            (Label(value.span, reason_not), Label(step.path.span, say("in the schema: {kind}", kind=described(kind)))),
        )
        return None
    return plan.SetAttribute(name=name, value=value.operand, line=scope.line(step.span))


def _compile_emit(step: syntax.Emit, scope: Scope) -> plan.Emit | None:
    pairs = _compile_pairs(step.properties, scope)
    event = find_event(step.event, scope)
    if event is None:
        return None
    for pair, value in pairs:
        kind = event.properties.get(pair.name.text)
        if kind is None and not event.open:
            report_unknown(
                "E205",
                say('{event} has no property "{pair}"', event=event.name, pair=pair.name.text),
                pair.name.span,
                problems=scope.problems,
                candidates=event.properties,
            )
        elif (kind and (reason := accepts(kind, value, scope))) or (reason := _unfit(value)):
            scope.problems.error(
                "E319", say('"{pair}" cannot have this value', pair=pair.name.text), Label(value.span, reason)
            )
    given = {pair.name.text for pair in step.properties}
    missing = [name for name, kind in event.properties.items() if name not in given and not kind.optional]
    if missing:
        scope.problems.error(
            "E319",
            say("{event} is emitted without {all}", event=event.name, all=", ".join(missing)),
            Label(step.event.span, say("the schema says that it always has them")),
            notes=[
                say("with {missing} = …", missing=missing[0])
                if len(missing) == 1
                else say("with {all} = …", all=" = …, ".join(missing))
            ],
        )
    properties = tuple((pair.name.text, value.operand) for pair, value in pairs)
    return plan.Emit(event=event.name, properties=properties, line=scope.line(step.span))


def _unfit(value: Typed) -> str | None:
    unfit = value.kind.name in ("clock", "duration")
    return say("an event cannot carry this: write it as text") if unfit else None


def shares(split: syntax.Split) -> Decimal:
    return sum((arm.share.value for arm in split.arms), Decimal(0))
