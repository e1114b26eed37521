"""Steps that change a number, points, promo codes, or tell somebody outside."""

from __future__ import annotations

from dsl import plan, syntax
from dsl.compiling.comparisons import accepts
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import report_unknown
from dsl.compiling.targets import find_target
from dsl.compiling.values import compile_value
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.scope import Scope, Typed, described


def compile_change(step: syntax.ChangeNumber, scope: Scope) -> plan.ChangeNumber | None:
    by = compile_value(step.by, scope)
    found = find_target(step.path, scope)
    if found is None or by is None:
        return None
    name, kind = found
    if kind.is_list or kind.name not in ("number", "money"):
        scope.problems.error(
            "E315",
            say('"{step}" cannot be increased or decreased', step=step.path),
            Label(step.path.span, say("in the schema: {kind}", kind=described(kind))),
            notes=[say("a number can be, and an amount of money")],
        )
        return None
    reason_not = accepts(kind, by, scope)
    if reason_not:
        scope.problems.error(
            "E315",
            say('"{step}" cannot be changed by this', step=step.path),
            (Label(by.span, reason_not), Label(step.path.span, say("in the schema: {kind}", kind=described(kind)))),
        )
        return None
    return plan.ChangeNumber(name=name, by=by.operand, sign=step.sign, line=scope.line(step.span))


def compile_points(step: syntax.Points, scope: Scope) -> plan.Points | None:
    of = compile_value(step.of, scope) if step.of else None
    per = compile_value(step.per, scope) if step.per else None
    if (step.of and of is None) or (step.per and per is None):
        return None
    if step.amount == 0:
        scope.problems.error("E303", say("these points are always 0"), Label(step.span, say("at least 1")))
        return None
    if step.per is not None and step.per.amount <= 0:
        scope.problems.error(
            "E303", say("points are not counted per nothing"), Label(step.per.span, say("more than 0"))
        )
        return None
    if of is not None and not _is_money(of, scope):
        return None
    return plan.Points(
        amount=step.amount,
        add=step.add,
        per=per.operand if per and isinstance(per.operand, plan.Constant) else None,
        of=of.operand if of else None,
        line=scope.line(step.span),
    )


def _is_money(of: Typed, scope: Scope) -> bool:
    if of.kind.name == "money" and not of.kind.is_list:
        return True
    scope.problems.error(
        "E302",
        say("points are counted per amount of money"),
        Label(of.span, say("this is {kind}", kind=described(of.kind))),
    )
    return False


def compile_promo(step: syntax.IssuePromo, scope: Scope) -> plan.IssuePromo | None:
    valid = compile_length(step.valid, scope) if step.valid else None
    pool = scope.catalog.pools.get(step.pool.text)
    if pool is None:
        _report_name("E216", say('there is no promo pool "{name}"', name=step.pool.text), step.pool, "promos", scope)
        return None
    if step.valid and valid is None:
        return None
    return plan.IssuePromo(
        pool=step.pool.text, valid=valid, until=pool.expires, discount=pool.discount, line=scope.line(step.span)
    )


def compile_call(step: syntax.Call, pairs: list[tuple[syntax.Pair, Typed]], scope: Scope) -> plan.Call | None:
    """`pairs` are its properties, compiled."""
    for pair, value in pairs:
        if value.kind.name in ("clock", "duration"):
            scope.problems.error(
                "E319",
                say('"{pair}" cannot have this value', pair=pair.name.text),
                Label(value.span, say("a call cannot carry this: write it as text")),
            )
    if step.target.text not in scope.catalog.webhooks:
        _report_name("E217", say('there is no webhook "{name}"', name=step.target.text), step.target, "webhooks", scope)
        return None
    properties = tuple((pair.name.text, value.operand) for pair, value in pairs)
    return plan.Call(target=step.target.text, properties=properties, line=scope.line(step.span))


def compile_notify(step: syntax.Notify, scope: Scope) -> plan.Notify | None:
    if step.group.text not in scope.catalog.staff:
        _report_name("E219", say('there is no staff group "{name}"', name=step.group.text), step.group, "staff", scope)
        return None
    if not step.message.text.strip():
        scope.problems.error("E303", say("this note says nothing"), Label(step.message.span, say("an empty text")))
        return None
    return plan.Notify(group=step.group.text, message=step.message.text, line=scope.line(step.span))


def _report_name(code: str, message: str, name: syntax.Text, section: str, scope: Scope) -> None:
    known = {"promos": scope.catalog.pools, "webhooks": scope.catalog.webhooks, "staff": scope.catalog.staff}[section]
    report_unknown(
        code,
        message,
        name.span,
        problems=scope.problems,
        candidates=known,
        notes=[say("it must stand in kogda.yaml, under `{section}`", section=section)],
        quoted=True,
    )
