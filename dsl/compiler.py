"""Rule files to the plan of a rule set: names resolved, kinds checked, steps flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsl import plan, syntax
from dsl.around import Around
from dsl.catalog import Catalog
from dsl.checks import CHECKS
from dsl.checks.subject import CheckedRule, Subject
from dsl.compiling.clauses import Clauses, compile_clauses
from dsl.compiling.conditions import compile_condition
from dsl.compiling.double_opt_in import confirmation_rules, templates_of
from dsl.compiling.rule_names import rule_names
from dsl.compiling.segments import compile_segments
from dsl.compiling.steps import compile_steps
from dsl.compiling.triggers import compile_trigger, trigger_events
from dsl.compiling.values import compile_value
from dsl.diagnostics import Diagnostic, Severity
from dsl.lints import lint_rules, lint_workspace, whole
from dsl.lints.outline import FileOutline, outlines
from dsl.problems import Problems, in_order
from dsl.resolve import Names, resolve
from dsl.scope import Scope
from dsl.titles import titles_of, with_schema_names
from dsl.walk import Index, index


def compile_rules(
    files: Sequence[syntax.RuleFile], catalog: Catalog, around: Around | None = None
) -> tuple[plan.Plan | None, list[Diagnostic]]:
    """The plan, or None if any of the findings is an error. Findings come by file and place, each once.

    Lints run when there is something `around`: who publishes has no use for them.
    """
    plan_, subject, found = _compile(files, catalog, around)
    if around is not None:
        lint_workspace(whole(outlines(subject), subject.sources(), catalog, around, found))
        found = in_order(found)
    return plan_, found


def examine(
    files: Sequence[syntax.RuleFile], catalog: Catalog, around: Around
) -> tuple[list[Diagnostic], tuple[FileOutline, ...]]:
    """What is wrong with each rule and definition; and the outlines, on which lints of the whole workspace run."""
    _, subject, found = _compile(files, catalog, around)
    return found, outlines(subject)


def _compile(
    files: Sequence[syntax.RuleFile], catalog: Catalog, around: Around | None
) -> tuple[plan.Plan | None, Subject, list[Diagnostic]]:
    found: list[Diagnostic] = []
    titles = titles_of(catalog, files)
    files = [with_schema_names(file, titles) for file in files]
    names = resolve(files, catalog, found)
    nodes = {id(item): index([item]) for file in files for item in file.items if isinstance(item, syntax.Rule)}
    named = rule_names(files, nodes)
    segments = compile_segments(files, catalog, names, found)
    rules: list[CheckedRule] = []
    for file in files:
        scope = _file_scope(file, catalog, names, found)
        for item in file.items:
            if isinstance(item, syntax.Rule):
                rules.append(_compile_rule(item, named[id(item)], scope, nodes[id(item)]))
            else:
                _check_definition(item, scope)
    subject = Subject(catalog=catalog, files=tuple(files), names=names, rules=tuple(rules), others=_others(files))
    subject = replace(subject, around=around)
    for check in CHECKS:
        check(subject, found)
    if around is not None:
        lint_rules(subject.rules, around)
    found = in_order(found)
    if any(finding.severity is Severity.ERROR for finding in found):
        return None, subject, found
    return _assemble([each.compiled for each in rules if each.compiled], segments, catalog), subject, found


def _file_scope(file: syntax.RuleFile, catalog: Catalog, names: dict[str, Names], found: list[Diagnostic]) -> Scope:
    problems = Problems(file.source, found)
    return Scope(catalog=catalog, names=names[file.source.path], problems=problems, events=None)


def _check_definition(item: syntax.Item, scope: Scope) -> None:
    """Definitions are compiled where they are used; by themselves they are checked against every event."""
    anywhere = Scope(catalog=scope.catalog, names=scope.names, problems=scope.problems, events=(), any_event=True)
    match item:
        case syntax.Let(value=value):
            for each in value if isinstance(value, tuple) else (value,):
                compile_value(each, anywhere)
        case syntax.Define(condition=condition) if id(item) not in scope.names.circular:
            compile_condition(condition, anywhere)
        case _:
            pass


def _others(files: Sequence[syntax.RuleFile]) -> dict[str, Index]:
    return {file.source.path: index(item for item in file.items if not isinstance(item, syntax.Rule)) for file in files}


def _compile_rule(rule: syntax.Rule, name: str, file_scope: Scope, nodes: Index) -> CheckedRule:
    events = trigger_events(rule, file_scope)
    scope = Scope(catalog=file_scope.catalog, names=file_scope.names, problems=file_scope.problems, events=events)
    trigger = compile_trigger(rule, scope)
    clauses = compile_clauses(rule, scope)
    steps = compile_steps(rule.steps, scope)
    compiled = _assemble_rule(rule, name, trigger, clauses=clauses, steps=steps, scope=scope) if trigger else None
    return CheckedRule(name=name, node=rule, scope=scope, compiled=compiled, nodes=nodes)


def _assemble_rule(
    rule: syntax.Rule,
    name: str,
    trigger: plan.Trigger,
    *,
    clauses: Clauses,
    steps: tuple[plan.Step, ...],
    scope: Scope,
) -> plan.Rule:
    return plan.Rule(
        name=name,
        file=scope.source.path,
        line=scope.line(rule.span),
        trigger=trigger,
        guards=tuple(clauses.guards),
        stops=tuple(clauses.stops),
        caps=tuple(clauses.caps),
        steps=steps,
        **clauses.fields,
    )


def _assemble(rules: Sequence[plan.Rule], segments: dict[str, plan.Segment], catalog: Catalog) -> plan.Plan:
    rules = [*rules, *confirmation_rules(catalog)]
    ordered = sorted(rules, key=lambda rule: (-rule.priority, rule.file, rule.line))
    return plan.Plan(
        timezone=catalog.timezone,
        leap_day="1 march" if catalog.settings.get("leap_day") == "1 march" else "28 february",
        currency=catalog.currency,
        rules=tuple(ordered),
        events={name: _facts(catalog, name) for name in sorted(catalog.events)},
        attributes={name: str(kind) for name, kind in sorted(catalog.attributes.items())},
        segments=segments,
        quiet_hours=catalog.quiet_hours,
        caps=catalog.caps,
        double_opt_in=tuple(sorted(templates_of(catalog))),
    )


def _facts(catalog: Catalog, name: str) -> plan.EventFacts:
    event = catalog.events[name]
    return plan.EventFacts(
        key=event.key,
        cancelled_by=event.cancelled_by,
        late_after=event.late_after or plan.Length(72, "hour"),
        properties={each: str(kind) for each, kind in event.properties.items()},
    )
