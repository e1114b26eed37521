"""Whether each send gives its template all that the template reads, and nothing that may be empty unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.catalog import EventType, TemplateInfo, TemplateUse
from dsl.checks.known_values import PROMO, known_paths
from dsl.checks.missing_variables import (
    as_read,
    place_of,
    report_event_missing,
    report_missing_variable,
    report_unknown,
)
from dsl.checks.promo_variables import ASKED, check_promo_use
from dsl.checks.subject import CheckedRule, Subject
from dsl.diagnostics import Diagnostic, Label
from dsl.kinds import Kind
from dsl.messages import say

ALWAYS_THERE = frozenset(
    {
        *("workspace", "message", "locale", "subject", "preheader"),
        *("unsubscribe_url", "preferences_url", "telegram_url", "view_url"),
    }
)
ADDRESS = {"email": "email", "sms": "phone"}  # the attribute without which the channel sends nothing


def check_template_variables(subject: Subject, found: list[Diagnostic]) -> None:
    reported: set[tuple[str, TemplateUse]] = set()
    for rule in subject.rules:
        for send, known in _sends(rule):
            template = subject.catalog.templates.get((send.first.channel or "", send.first.template.text))
            for use in _each_once(template, rule) if template else ():
                if template and (template.path, use) not in reported:
                    holds_for_all = _check_use(use, send, template, rule=rule, known=known)
                    reported |= {(template.path, use)} if holds_for_all else set()


def _each_once(template: TemplateInfo, rule: CheckedRule) -> Iterator[TemplateUse]:
    """As they stand in the files. The parts of what nobody has are no mistakes of their own."""
    missed: set[tuple[str, ...]] = set()
    for use in sorted(template.uses, key=lambda each: (len(each.path) > 2, each.file or "", each.line, each.path)):
        is_missing = _is_missing(use.path, rule)
        if is_missing and len(use.path) > 2 and use.path[:2] in missed:
            continue
        yield use
        if is_missing and not use.has_default:
            missed.add(use.path[:2])


def _is_missing(path: tuple[str, ...], rule: CheckedRule) -> bool:
    if len(path) < 2:
        return False
    if path[0] == "customer":
        return path[1] not in rule.scope.catalog.attributes
    return path[0] == "event" and any(path[1] not in event.properties for event in rule.scope.events or ())


def _sends(rule: CheckedRule) -> Iterator[tuple[syntax.Send, frozenset[str]]]:
    """Each send with the paths that are surely known when it runs."""
    known: set[str] = set()
    for clause in rule.node.clauses:
        if isinstance(clause, syntax.OnlyIf):
            known |= known_paths(clause.condition, rule.scope)
    if isinstance(rule.node.trigger, syntax.EventTrigger) and rule.node.trigger.events.where:
        known |= known_paths(rule.node.trigger.events.where, rule.scope)
    if isinstance(rule.node.trigger, syntax.ScheduleTrigger) and rule.node.trigger.audience:
        known |= known_paths(rule.node.trigger.audience, rule.scope)
    yield from _sends_in(rule.node.steps, frozenset(known), rule)


def _sends_in(
    steps: tuple[syntax.Step, ...], known: frozenset[str], rule: CheckedRule
) -> Iterator[tuple[syntax.Send, frozenset[str]]]:
    for step in steps:
        if isinstance(step, syntax.Send):
            yield step, known
        elif isinstance(step, syntax.SetAttribute):
            known |= {str(step.path)}
        elif isinstance(step, syntax.IssuePromo):
            known = known - {PROMO} | {ASKED}
        elif isinstance(step, syntax.Branch):
            for arm in step.arms:
                yield from _sends_in(arm.steps, known | known_paths(arm.condition, rule.scope), rule)
            yield from _sends_in(step.otherwise or (), known, rule)
        elif isinstance(step, syntax.Split):
            for part in step.arms:
                yield from _sends_in(part.steps, known, rule)


def _check_use(
    use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, known: frozenset[str]
) -> bool:
    """True when something was reported that holds for every other send of this template too."""
    root = use.path[0]
    if root in ALWAYS_THERE or (len(use.path) < 2 and root in ("customer", "event")):
        return False
    if root == "customer":
        return _check_attribute(use, send, template, rule=rule, known=known)
    if root == PROMO:
        check_promo_use(use, send, template, rule=rule, known=known)
    elif root == "event":
        _check_property(use, send, template, rule=rule, known=known)
    elif not use.has_default:
        _check_variable(use, send, template, rule=rule, known=known)
    return False


def _check_variable(
    use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, known: frozenset[str]
) -> None:
    given = next((pair for pair in send.variables if pair.name.text == use.path[0]), None)
    if given is None:
        report_missing_variable(use, send, template, rule)
    elif isinstance(given.value, syntax.Path) and str(given.value) not in known and _may_miss(given.value, rule):
        _warn_empty(use, send, template, rule=rule, reason=say("{value} may be missing", value=given.value))


def _may_miss(path: syntax.Path, rule: CheckedRule) -> bool:
    parts = tuple(part.text for part in path.parts)
    if len(parts) < 2:
        return False
    if parts[0] == "customer":
        kind = rule.scope.catalog.attributes.get(parts[1])
        return kind is not None and parts[1] not in ("id", "points") and not kind.is_list
    kinds = [_leaf(event.properties[parts[1]], parts[2:]) for event in _having(parts, rule)]
    return any(kind is not None and kind.optional and not kind.is_list for kind in kinds)


def _having(parts: tuple[str, ...], rule: CheckedRule) -> list[EventType]:
    events = rule.scope.events or () if parts[0] == "event" else ()
    return [event for event in events if parts[1] in event.properties]


def _check_attribute(
    use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, known: frozenset[str]
) -> bool:
    kind = rule.scope.catalog.attributes.get(use.path[1])
    if kind is None:
        report_unknown(use, send, template, rule)
        return True
    always = use.path[1] in ("id", "points", ADDRESS.get(template.channel))
    if not (always or use.has_default or kind.is_list or _is_known(use, known)):
        _warn_empty(use, send, template, rule=rule, reason=say("customers may not have it"))
    return False


def _check_property(
    use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, known: frozenset[str]
) -> None:
    events = rule.scope.events
    if events is None:
        report_event_missing(use, send, template, rule)
        return
    lacking = [event for event in events if use.path[1] not in event.properties]
    if lacking and not (use.has_default and (len(lacking) < len(events) or lacking[0].open)):
        report_unknown(use, send, template, rule)
        return
    kinds = [_leaf(event.properties[use.path[1]], use.path[2:]) for event in events if event not in lacking]
    optional = any(kind is not None and kind.optional and not kind.is_list for kind in kinds)
    if optional and not (use.has_default or _is_known(use, known)):
        _warn_empty(use, send, template, rule=rule, reason=say("the schema says that the event may come without it"))


def _leaf(kind: Kind, parts: tuple[str, ...]) -> Kind | None:
    for part in parts:
        inner = kind.fields.get(part)
        if inner is None:
            return None
        kind = inner
    return kind


def _is_known(use: TemplateUse, known: frozenset[str]) -> bool:
    return ".".join(use.path) in known or ".".join(use.path[:2]) in known


def _warn_empty(use: TemplateUse, send: syntax.Send, template: TemplateInfo, *, rule: CheckedRule, reason: str) -> None:
    path = ".".join(use.path)
    cure = {
        "customer": say("or in the rule: only if {path} is known", path=path),
        "event": say("or in the rule: where {path} is known", path=path),
    }.get(use.path[0], say("or in the rule: make sure that it is known, with `where`, `only if` or `if`"))
    rule.scope.problems.warn(
        "W541",
        say('rule "{rule}" would send an empty {word}', rule=rule.name, word=as_read(use)),
        Label(
            send.first.template.span,
            say("{place} reads it, and {reason}", place=place_of(use, template), reason=reason),
        ),
        notes=[
            say('in the template: {{{{ {path} | default("…") }}}}', path=path),
            cure,
        ],
    )
