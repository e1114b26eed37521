"""Segments of all rule files: conditions about a customer that are kept up to date, under names of the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dsl import plan, syntax
from dsl.catalog import Catalog
from dsl.codec import content_hash, node_json
from dsl.compiling.conditions import compile_condition
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.resolve import Definition, Names
from dsl.scope import Scope


@dataclass(slots=True)
class _Compiled:
    """Conditions by name, and the facts of the workspace without which they mean something else."""

    conditions: dict[str, plan.Expression] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    facts: list[plan.JSON] = field(default_factory=list)


def compile_segments(
    files: Sequence[syntax.RuleFile], catalog: Catalog, names: dict[str, Names], found: list[Diagnostic]
) -> dict[str, plan.Segment]:
    """Those without a mistake. A segment is asked about when nobody's event is at hand, so it cannot read one."""
    leap_day = str(catalog.settings.get("leap_day", ""))
    compiled = _Compiled(facts=[catalog.timezone, catalog.currency, leap_day])
    first: dict[str, Definition] = {}
    for file in files:
        problems = Problems(file.source, found)
        for item in file.items:
            if isinstance(item, syntax.Segment):
                other = first.setdefault(item.name.text, Definition(item, file.source))
                if other.node is not item:
                    _report_twice(item, other, problems)
                scope = Scope(
                    catalog=catalog, names=names[file.source.path], problems=problems, events=None, in_run=False
                )
                condition = compile_condition(item.condition, scope)
                if condition is not None:
                    compiled.conditions[item.name.text] = condition
                    compiled.places[item.name.text] = (file.source.path, scope.line(item.span))
    return {name: _segment(name, compiled) for name in sorted(compiled.conditions)}


def _segment(name: str, compiled: _Compiled) -> plan.Segment:
    file, line = compiled.places[name]
    meaning = {each: node_json(compiled.conditions[each]) for each in _involved(name, compiled)}
    return plan.Segment(
        condition=compiled.conditions[name],
        hash=content_hash([name, dict(meaning), compiled.facts])[:16],
        file=file,
        line=line,
    )


def _involved(name: str, compiled: _Compiled) -> set[str]:
    """The segment and all that it asks about, however far down."""
    involved: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in involved and each in compiled.conditions:
            involved.add(each)
            waiting += segments_asked(compiled.conditions[each])
    return involved


def segments_asked(expression: plan.Expression) -> Iterator[str]:
    """The names of segments that a condition asks about itself."""
    match expression:
        case plan.InSegment(segment=segment):
            yield segment
        case plan.All(operands=operands) | plan.Any(operands=operands):
            for operand in operands:
                yield from segments_asked(operand)
        case plan.Not(operand=operand):
            yield from segments_asked(operand)
        case _:
            for value in (getattr(expression, "left", None), getattr(expression, "right", None), *_values(expression)):
                if isinstance(value, plan.Tally) and value.where is not None:
                    yield from segments_asked(value.where)


def _values(expression: plan.Expression) -> Iterator[object]:
    for name in ("value", "low", "high", "part"):
        yield getattr(expression, name, None)


def find_segment(name: syntax.Name, scope: Scope) -> str | None:
    """The name, when a segment has it; what is wrong is reported."""
    definition = scope.names.seen.get(name.text)
    if definition is not None and isinstance(definition.node, syntax.Segment):
        return None if scope.names.is_circular(definition) else name.text
    if definition is None:
        segments = [each for each, found in scope.names.seen.items() if isinstance(found.node, syntax.Segment)]
        report_unknown(
            "E206",
            say('there is no segment called "{group}"', group=name.text),
            name.span,
            problems=scope.problems,
            candidates=segments,
            notes=[] if segments else [say("write one: segment {group} means …", group=name.text)],
        )
        return None
    is_definition = isinstance(definition.node, syntax.Define)
    scope.problems.error(
        "E215",
        say('"{group}" is a definition, not a segment', group=name.text)
        if is_definition
        else say('"{group}" is not a segment', group=name.text),
        Label(
            name.span,
            say("only segments can be entered and left: segment {group} means …", group=name.text)
            if is_definition
            else say("this is a constant"),
        ),
    )
    return None


def _report_twice(item: syntax.Segment, other: Definition, problems: Problems) -> None:
    """Files that do not see each other must not disagree about who is in a segment either."""
    if any(found.code == "E211" and found.span == item.name.span for found in problems.found):
        return
    place = other.source.place(other.node.name.span.start)
    problems.error(
        "E211",
        say('"{definition}" is defined twice', definition=item.name.text),
        Label(item.name.span, say("a segment has one meaning in the whole workspace")),
        notes=[say("the other one stands in {source}:{line}", source=other.source.path, line=place.line)],
    )
