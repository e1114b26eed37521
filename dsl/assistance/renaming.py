"""A new name for something that rules, tests and templates call by one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dsl.alphabets import mixes_alphabets
from dsl.assistance.definitions import same_mentions
from dsl.assistance.documents import Document
from dsl.assistance.hover import templates_named
from dsl.assistance.lookups import mention_in
from dsl.assistance.mentions import Mention
from dsl.assistance.view import View
from dsl.diagnostics import Edit
from dsl.messages import say
from dsl.source import Span

#: What rule files themselves name. Events, attributes and properties are the application's words.
RENAMED = ("name", "rule", "split", "arm", "tag", "customer", "template")

_NAME = re.compile(r"[^\W\d]\w*")
_TEXT = re.compile(r"[^\"«»“”„\r\n]+")
_TEMPLATE = re.compile(r"[^\W][\w-]*(?:/[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Rename:
    edits: dict[str, list[Edit]] = field(default_factory=dict)  # by path
    templates: tuple[tuple[str, str], ...] = ()  # (channel/old, channel/new): their files are renamed too


class CannotRename(Exception):
    """Why not, in one sentence."""


def renamed_at(view: View, document: Document, offset: int) -> tuple[Mention, Span]:
    """What would be renamed. Raises CannotRename."""
    mention = mention_in(document, offset, view)
    if mention is None:
        raise CannotRename(say("there is nothing here that has a name"))
    if mention.kind not in RENAMED:
        raise CannotRename(say("the application sends this name: change it in schema.yaml and there"))
    if mention.kind == "name" and mention.name not in view.definitions(document.path):
        raise CannotRename(say("nothing is defined under this name"))
    return mention, mention.span


def rename(view: View, document: Document, offset: int, *, to: str) -> Rename:
    """The edits in all rule files and test files. Raises CannotRename."""
    mention, _ = renamed_at(view, document, offset)
    _refuse_bad_name(mention, to, view, document)
    edits: dict[str, list[Edit]] = {}
    for other, each in same_mentions(mention, view, document):
        edits.setdefault(other.path, []).append(Edit(each.span, to))
    templates = tuple(
        (f"{info.channel}/{info.name}", f"{info.channel}/{to}")
        for info in (templates_named(mention.name, view) if mention.kind == "template" else ())
    )
    return Rename(edits, templates)


def _refuse_bad_name(mention: Mention, to: str, view: View, document: Document) -> None:
    if mention.kind in ("name", "customer"):
        if not _NAME.fullmatch(to) or mixes_alphabets(to):
            raise CannotRename(say("a name has letters of one alphabet, digits and _, and begins with a letter"))
        taken = to in view.definitions(document.path) or to in view.catalog.events
        if mention.kind == "name" and (taken or to in ("customer", "event", "start", "everyone")):
            raise CannotRename(say('"{name}" means something already', name=to))
    elif mention.kind == "template":
        if not _TEMPLATE.fullmatch(to):
            raise CannotRename(say("the name of a template has letters, digits, - and _"))
        if any(other == to for _, other in view.catalog.templates):
            raise CannotRename(say('there is a template "{name}" already', name=to))
    elif not _TEXT.fullmatch(to):
        raise CannotRename(say("a text in quotes has no quotes and no line breaks inside"))
