"""What lints of the whole workspace need to know of a rule and of a file: little, and nothing that holds a tree.

Small enough to be kept between two checks, so that an edit of one file does not mean reading all the others again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from dsl import syntax
from dsl.checks.subject import CheckedRule, Subject
from dsl.compiling.lengths import about_seconds
from dsl.lints.outline_changes import changes, depends, starts_on
from dsl.lints.parts import Part, parts_of
from dsl.lints.reading import head
from dsl.source import Span
from dsl.walk import Index, of_type, walk


@dataclass(frozen=True, slots=True)
class Sent:
    """`after`: about how many seconds after the start; None: nobody can say, as something was waited for."""

    channel: str | None
    template: str
    after: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """A text or a name, and where it stands."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutline:
    name: str
    path: str
    span: Span  # of its name, or of its trigger
    named: bool = False
    events: tuple[str, ...] = ()  # that start it
    delay: int | None = None
    sends: tuple[Sent, ...] = ()
    parts: tuple[Part, ...] = ()  # all of them hold for whoever gets something
    owner: bool = False
    transactional: bool = False
    once: bool = False
    active: tuple[str, str | None] | None = None  # ISO dates
    changes: tuple[str, ...] = ()  # what its steps change: see dsl/lints/outline_changes.py
    starts_on: tuple[str, ...] = ()  # and what starts it
    pools: tuple[Word, ...] = ()
    tags: tuple[Word, ...] = ()
    compared_tags: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutline:
    path: str
    lines: int
    definitions: tuple[Word, ...] = ()
    kinds: tuple[str, ...] = ()  # "let", "define", "segment": of each definition
    segments: tuple[tuple[str, tuple[str, ...]], ...] = ()  # each with what it depends on
    uses: tuple[Word, ...] = ()  # with the path as it is found, relative to the workspace
    mentions: frozenset[str] = frozenset()  # every name without a dot
    rules: tuple[RuleOutline, ...] = ()


def outlines(subject: Subject) -> tuple[FileOutline, ...]:
    by_path: dict[str, list[RuleOutline]] = {}
    for rule in subject.rules:
        by_path.setdefault(rule.scope.source.path, []).append(_rule(rule))
    paths = frozenset(file.source.path for file in subject.files)
    return tuple(_file(file, tuple(by_path.get(file.source.path, ())), paths) for file in subject.files)


def _file(file: syntax.RuleFile, rules: tuple[RuleOutline, ...], paths: frozenset[str]) -> FileOutline:
    conditions = {item.name.text: item.condition for item in file.items if isinstance(item, syntax.Define)}
    definitions = [item for item in file.items if isinstance(item, syntax.Let | syntax.Define | syntax.Segment)]
    return FileOutline(
        path=file.source.path,
        lines=file.source.place(len(file.source.text.rstrip())).line,
        definitions=tuple(Word(each.name.text, each.name.span) for each in definitions),
        kinds=tuple(type(each).__name__.lower() for each in definitions),
        segments=tuple(
            (each.name.text, tuple(dict.fromkeys(depends(each.condition, conditions))))
            for each in definitions
            if isinstance(each, syntax.Segment)
        ),
        uses=tuple(
            Word(_found(file.source.path, item.path.text, paths), item.path.span)
            for item in file.items
            if isinstance(item, syntax.Use)
        ),
        mentions=frozenset(_mentions(file)),
        rules=rules,
    )


def _found(path: str, used: str, paths: frozenset[str]) -> str:
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), used))
    return beside if beside in paths else posixpath.normpath(posixpath.join("rules", used))


def _mentions(file: syntax.RuleFile) -> Iterator[str]:
    """Nothing to look for where nothing is defined and nothing brought in."""
    if all(isinstance(item, syntax.Rule) for item in file.items):
        return
    for item in file.items:
        own = item.name if isinstance(item, syntax.Let | syntax.Define | syntax.Segment) else None
        for node in walk(item):
            if isinstance(node, syntax.Path) and len(node.parts) == 1:
                yield node.root
            elif isinstance(node, syntax.OneOf) and isinstance(node.group, syntax.Name):
                yield node.group.text
            elif isinstance(node, syntax.SegmentTrigger):
                yield node.segment.text
            elif isinstance(node, syntax.Name) and node is not own:
                yield node.text


def _rule(rule: CheckedRule) -> RuleOutline:
    node, nodes = rule.node, rule.nodes
    delay = about_seconds(node.delay) if node.delay else 0
    facts = {type(clause): clause for clause in node.clauses}
    active = facts.get(syntax.Active)
    trigger = node.trigger
    return RuleOutline(
        name=rule.name,
        path=rule.scope.source.path,
        span=head(node),
        named=node.name is not None,
        events=tuple(name.text for name in trigger.events.names) if isinstance(trigger, syntax.EventTrigger) else (),
        delay=delay,
        sends=tuple(_sends(node.steps, delay)),
        parts=tuple(parts_of(node)),
        owner=syntax.Owner in facts,
        transactional=syntax.Transactional in facts,
        once=syntax.OncePer in facts,
        active=_days(active) if isinstance(active, syntax.Active) else None,
        changes=tuple(dict.fromkeys(changes(nodes))),
        starts_on=tuple(starts_on(trigger)),
        pools=tuple(Word(each.pool.text, each.pool.span) for each in of_type(nodes, syntax.IssuePromo)),
        tags=tuple(Word(each.tag.text, each.tag.span) for each in of_type(nodes, syntax.Tag) if each.add),
        compared_tags=tuple(_compared_tags(nodes)),
    )


def _days(active: syntax.Active) -> tuple[str, str | None]:
    return active.since.value.isoformat(), active.until.value.isoformat() if active.until else None


def _sends(steps: tuple[syntax.Step, ...], start: int | None) -> Iterator[Sent]:
    at = start
    for step in steps:
        match step:
            case syntax.Send():
                for each in (step.first, *step.fallbacks):
                    yield Sent(each.channel, each.template.text, at, each.span)
            case syntax.Wait(duration=duration):
                at = at + about_seconds(duration) if at is not None else None
            case syntax.Branch():
                for arm in (*(arm.steps for arm in step.arms), step.otherwise or ()):
                    yield from _sends(arm, at)
            case syntax.Split():
                for part in step.arms:
                    yield from _sends(part.steps, at)
            case syntax.WaitFor() | syntax.WaitUntilClock() | syntax.WaitUntilDate() | syntax.WaitUntilMoment():
                at = None


def _compared_tags(nodes: Index) -> Iterator[Word]:
    for each in of_type(nodes, syntax.Contains):
        asks_tags = isinstance(each.value, syntax.Path) and str(each.value) == "customer.tags"
        if asks_tags and isinstance(each.part, syntax.Text):
            yield Word(each.part.text, each.part.span)
    for tag in of_type(nodes, syntax.Tag):
        if not tag.add:
            yield Word(tag.tag.text, tag.tag.span)
