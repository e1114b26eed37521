"""The items of a file, for the outline of an editor, and what can be done with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dsl import syntax
from dsl.assistance.documents import Document
from dsl.source import Span

SymbolKind = Literal["rule", "segment", "definition", "constant", "file", "test", "split", "arm"]


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str
    kind: SymbolKind
    span: Span  # all of it
    name_span: Span  # what is selected
    detail: str = ""
    children: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Lens:
    """A command above a line: `test` or `simulate` or `explain`, with what it is about."""

    span: Span
    command: Literal["test", "simulate", "explain"]
    subject: str  # the rule's or test's own name


def outline(document: Document) -> list[Symbol]:
    return [symbol for item in document.items for symbol in _symbols(item, document)]


def _symbols(item: object, document: Document) -> Iterator[Symbol]:
    match item:
        case syntax.Rule():
            yield _rule(item, document)
        case syntax.Segment(name=name) | syntax.Define(name=name) | syntax.Let(name=name):
            kinds: dict[type, SymbolKind] = {syntax.Segment: "segment", syntax.Define: "definition"}
            yield Symbol(name.text, kinds.get(type(item), "constant"), item.span, name.span)
        case syntax.Use(path=path):
            yield Symbol(path.text, "file", item.span, path.span)
        case syntax.TestCase(title=title):
            yield Symbol(title.text, "test", item.span, title.span, "todo" if item.todo else "")


def _rule(rule: syntax.Rule, document: Document) -> Symbol:
    trigger = document.source.words(rule.trigger.span)
    name = rule.name.text if rule.name else trigger
    name_span = rule.name.span if rule.name else rule.trigger.span
    return Symbol(name, "rule", rule.span, name_span, trigger if rule.name else "", tuple(_splits(rule.steps)))


def _splits(steps: tuple[syntax.Step, ...]) -> Iterator[Symbol]:
    for step in steps:
        if isinstance(step, syntax.Split):
            arms = tuple(_arm(arm) for arm in step.arms)
            name = step.name.text if step.name else "split"
            yield Symbol(name, "split", step.span, step.name.span if step.name else step.span, "", arms)
        elif isinstance(step, syntax.Branch):
            for arm in step.arms:
                yield from _splits(arm.steps)
            yield from _splits(step.otherwise or ())


def _arm(arm: syntax.SplitArm) -> Symbol:
    name = arm.label.text if arm.label else f"{arm.share.value}%"
    return Symbol(name, "arm", arm.span, arm.label.span if arm.label else arm.share.span, f"{arm.share.value}%")


def lenses(document: Document) -> list[Lens]:
    found = []
    for item in document.items:
        if isinstance(item, syntax.TestCase):
            found.append(Lens(item.title.span, "test", item.title.text))
        elif isinstance(item, syntax.Rule) and item.name is not None:
            found += [
                Lens(item.name.span, "test", item.name.text),
                Lens(item.name.span, "simulate", item.name.text),
                Lens(item.name.span, "explain", item.name.text),
            ]
    return found
