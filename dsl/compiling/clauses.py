"""What stands between the trigger and the first step: guards, stops, limits and facts about the rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dsl import plan, syntax
from dsl.compiling.conditions import compile_condition
from dsl.compiling.lengths import compile_length
from dsl.compiling.limits import compile_cap, compile_first_customers, compile_quiet_hours, refuse_contradiction
from dsl.compiling.triggers import compile_match, compile_once
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.scope import Scope
from dsl.time_zones import is_zone, zones_like

#: Clauses that may be written once in a rule, and their words.
SINGLE: dict[type[syntax.Clause], str] = {
    syntax.Goal: "goal",
    syntax.OncePer: "once per",
    syntax.IfRepeated: "if repeated",
    syntax.FirstCustomers: "only first",
    syntax.QuietHours: "quiet hours",
    syntax.IgnoreQuietHours: "ignore quiet hours",
    syntax.Transactional: "transactional",
    syntax.CatchUp: "catch up within",
    syntax.Timezone: "timezone",
    syntax.Priority: "priority",
    syntax.Active: "active from",
    syntax.Owner: "owner",
    syntax.Description: "description",
}


@dataclass(slots=True)
class Clauses:
    """The compiled clauses. `fields` are those that become fields of `plan.Rule` under the same name."""

    guards: list[plan.Guard] = field(default_factory=list)
    stops: list[plan.Stop] = field(default_factory=list)
    caps: list[plan.Cap] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


def compile_clauses(rule: syntax.Rule, scope: Scope) -> Clauses:
    """What is faulty is reported and left out; what is not executed yet is left out too, and refused by a check."""
    compiled = Clauses()
    for clause in rule.clauses:
        _compile(clause, compiled, scope)
    _refuse_repeated(rule, scope)
    refuse_contradiction(rule, scope)
    return compiled


def _compile(clause: syntax.Clause, compiled: Clauses, scope: Scope) -> None:
    match clause:
        case syntax.OnlyIf() | syntax.Unless():
            _add_guard(clause, compiled, scope)
        case syntax.StopWhen():
            match_ = compile_match(clause.events, clause.same, scope, in_run=True)
            if match_:
                compiled.stops.append(
                    plan.Stop(match=match_, text=scope.source.words(clause.span), line=scope.line(clause.span))
                )
        case syntax.Goal():
            match_ = compile_match(clause.events, None, scope, in_run=True)
            within = compile_length(clause.within, scope)
            if match_ and within:
                compiled.fields["goal"] = plan.Goal(match=match_, within=within)
        case syntax.OncePer():
            compiled.fields["once"] = compile_once(clause, scope)
        case syntax.Cap() | syntax.FirstCustomers() | syntax.QuietHours():
            _add_limit(clause, compiled, scope)
        case syntax.CatchUp():
            compiled.fields["catch_up"] = compile_length(clause.within, scope)
        case syntax.Active():
            _set_active(clause, compiled, scope)
        case syntax.Timezone():
            if clause.zone is None or is_zone(clause.zone.text):
                compiled.fields["timezone"] = clause.zone.text if clause.zone else None
            else:
                _report_zone(clause.zone, scope)
        case _:
            compiled.fields.update(_fact(clause))


def _add_limit(clause: syntax.Cap | syntax.FirstCustomers | syntax.QuietHours, compiled: Clauses, scope: Scope) -> None:
    match clause:
        case syntax.Cap():
            cap = compile_cap(clause, scope)
            compiled.caps += [cap] if cap else []
        case syntax.FirstCustomers():
            compiled.fields["first_customers"] = compile_first_customers(clause, scope)
        case syntax.QuietHours():
            compiled.fields["quiet_hours"] = compile_quiet_hours(clause, scope)


def _fact(clause: syntax.Clause) -> dict[str, Any]:
    match clause:
        case syntax.IfRepeated(policy=policy):
            return {"repeated": policy}
        case syntax.Transactional():
            return {"transactional": True}
        case syntax.IgnoreQuietHours():
            return {"ignore_quiet_hours": True}
        case syntax.Priority(value=value):
            return {"priority": value}
        case syntax.Owner(name=name):
            return {"owner": name.text}
        case syntax.Description(text=text):
            return {"description": text.text}
    return {}


def _add_guard(clause: syntax.OnlyIf | syntax.Unless, compiled: Clauses, scope: Scope) -> None:
    condition = compile_condition(clause.condition, scope)
    if condition is not None:
        compiled.guards.append(
            plan.Guard(
                word="only if" if isinstance(clause, syntax.OnlyIf) else "unless",
                condition=condition,
                text=scope.source.words(clause.span),
                line=scope.line(clause.span),
            )
        )


def _set_active(clause: syntax.Active, compiled: Clauses, scope: Scope) -> None:
    since, until = clause.since, clause.until
    if until and until.value < since.value:
        scope.problems.error(
            "E322",
            say("this rule ends before it begins"),
            (Label(until.span, say("the last day")), Label(since.span, say("the first day"))),
        )
        return
    compiled.fields["active_from"] = since.value.isoformat()
    compiled.fields["active_until"] = until.value.isoformat() if until else None


def _report_zone(zone: syntax.Text, scope: Scope) -> None:
    scope.problems.error(
        "E212",
        say('there is no time zone "{zone}"', zone=zone.text),
        Label(zone.span, say("zones have names like Europe/Berlin or Asia/Yekaterinburg")),
        fixes=[replacement(zone.span, f'"{each}"') for each in zones_like(zone.text)],
    )


def _refuse_repeated(rule: syntax.Rule, scope: Scope) -> None:
    first: dict[type, syntax.Clause] = {}
    for clause in rule.clauses:
        word = SINGLE.get(type(clause))
        if word and type(clause) in first:
            scope.problems.error(
                "E323",
                say("`{word}` is written twice in this rule", word=word),
                (Label(clause.span, say("which of the two?")), Label(first[type(clause)].span, say("the first one"))),
            )
        first.setdefault(type(clause), clause)
