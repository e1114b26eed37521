"""E214: what to write when a template reads what its rule does not have."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.catalog import TemplateInfo, TemplateUse
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Edit, Fix, Label
from dsl.example_words import example_word, language_of_fixes
from dsl.messages import say
from dsl.problems import listed
from dsl.source import Span
from dsl.suggestions import nearest


def place_of(use: TemplateUse, template: TemplateInfo) -> str:
    return f"{use.file or template.path}:{use.line}"


def as_read(use: TemplateUse) -> str:
    return "{{ " + ".".join(use.path) + " }}"


def report_missing_variable(use: TemplateUse, send: syntax.Send, template: TemplateInfo, rule: CheckedRule) -> None:
    """`{{ discount }}`: misspelt in `with`, or known to the rule by a longer name, or left out."""
    name = use.path[0]
    read = {each.path[0] for each in template.uses}
    spare = {pair.name.text: pair.name for pair in send.variables if pair.name.text not in read}
    near = nearest(name, spare)
    known = list(_known_as(name, rule))
    notes: list[str] = []
    fixes: list[Fix] = []
    if near:
        notes = [say("did you mean {use} where it says {near}?", use=name, near=near[0])]
        fixes = [Fix(say('replace with "{text}"', text=name), (Edit(spare[near[0]].span, name),))]
    elif known:
        notes = [say("or in the template: {read}", read="{{ " + known[0] + " }}")]
        fixes = [_given(send, f"{name} = {path}", rule) for path in known]
    else:
        notes = [_example(name, send, template, "…")]
    rule.scope.problems.error(
        "E214",
        say('nobody gives "{all}" to template "{template}"', all=".".join(use.path), template=template.name),
        Label(send.first.template.span, say("{place} reads {word}", place=place_of(use, template), word=as_read(use))),
        notes=notes,
        fixes=fixes,
    )


def _known_as(name: str, rule: CheckedRule) -> Iterator[str]:
    """`event.total`, `customer.city`: what the rule knows by that name."""
    events = rule.scope.events or ()
    if events and all(name in event.properties for event in events):
        yield f"event.{name}"
    if name in rule.scope.catalog.attributes:
        yield f"customer.{name}"


def _given(send: syntax.Send, pair: str, rule: CheckedRule) -> Fix:
    end = (send.variables[-1] if send.variables else send.first.template).span.end
    word = example_word("WITH", language_of_fixes(rule.scope.source.text))
    text = f", {pair}" if send.variables else f" {word} {pair}"
    return Fix(f"{word} {pair}", (Edit(Span(end, end), text),))


def _example(name: str, send: syntax.Send, template: TemplateInfo, value: str) -> str:
    return say(
        'write: send {channel} "{template}" with {use} = {value}',
        channel=template.channel,
        template=template.name,
        use=", ".join([*(f"{pair.name.text} = …" for pair in send.variables), name]),
        value=value,
    )


def report_event_missing(use: TemplateUse, send: syntax.Send, template: TemplateInfo, rule: CheckedRule) -> None:
    """`{{ event.order_id }}` where a schedule, a date or a segment starts the run."""
    name = use.path[1]
    owners = [each.name for each in rule.scope.catalog.events.values() if name in each.properties]
    notes = []
    if owners:
        value = f"last {owners[0]}.{name}"
        notes = [
            _example(name, send, template, value),
            say("and in the template: {read}", read="{{ " + name + " }}"),
        ]
    rule.scope.problems.error(
        "E214",
        say(
            'template "{template}" reads {word}, and no event starts this rule',
            template=template.name,
            word=as_read(use),
        ),
        Label(send.first.template.span, say("read in {place}", place=place_of(use, template))),
        notes=notes or [say("read what is known of the customer: {read}", read="{{ customer.… }}")],
    )


def report_unknown(use: TemplateUse, send: syntax.Send, template: TemplateInfo, rule: CheckedRule) -> None:
    """`{{ customer.frist_name }}`, `{{ event.order_id }}` of an event that has none."""
    root, name = use.path[0], use.path[1]
    events = rule.scope.events or ()
    lacking = [event for event in events if name not in event.properties] if root == "event" else []
    owner = say("{event} has no property", event=lacking[0].name) if lacking else say("customers have no attribute")
    candidates = list(lacking[0].properties if lacking else rule.scope.catalog.attributes)
    rule.scope.problems.error(
        "E214",
        say(
            'template "{template}" reads {word}, but {owner} "{use}"',
            template=template.name,
            word=as_read(use),
            owner=owner,
            use=name,
        ),
        Label(send.first.template.span, say("read in {place}", place=place_of(use, template))),
        notes=list(_cures(root, name, rule, candidates=candidates, everywhere=len(lacking) == len(events))),
    )


def _cures(root: str, name: str, rule: CheckedRule, *, candidates: list[str], everywhere: bool) -> Iterator[str]:
    near = nearest(name, candidates)
    elsewhere = [path for path in _known_as(name, rule) if not path.startswith(root)]
    if near or elsewhere:
        yield say("did you mean {path}?", path=f"{root}.{near[0]}" if near else elsewhere[0])
        return
    if not everywhere:
        yield say('in the template: {{{{ {path} | default("…") }}}}', path=f"{root}.{name}")
        return
    yield say("there are: {all}", all=listed([f"{root}.{each}" for each in candidates]))
    yield say("when your application does send it, add it to schema.yaml")
