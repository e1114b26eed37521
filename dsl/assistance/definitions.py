"""Where a name was given, and everywhere it is mentioned."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dsl import syntax
from dsl.assistance.documents import Document
from dsl.assistance.hover import templates_named
from dsl.assistance.lookups import mention_in, mentions_in
from dsl.assistance.mentions import Mention
from dsl.assistance.view import Home, View
from dsl.source import Source, Span


def homes(view: View, document: Document, offset: int) -> list[Home]:
    """Several for a template of several channels, or a property of several events."""
    mention = mention_in(document, offset, view)
    return list(_homes(mention, view, document)) if mention else []


def _homes(mention: Mention, view: View, document: Document) -> Iterator[Home]:
    match mention.kind:
        case "event":
            yield from _known(view.events.get(mention.name))
        case "attribute":
            yield from _known(view.attributes.get(mention.name.split(".")[0]))
        case "property":
            name = mention.name.split(".")[0]
            for event in mention.events:
                yield from _known(view.properties.get((event, name)))
        case "name":
            definition = view.definitions(document.path).get(mention.name)
            if definition is not None:
                yield Home(definition.source, definition.node.name.span)
        case "template":
            for info in templates_named(mention.name, view):
                yield Home(Source(info.path, ""), Span(0, 0))
        case "file":
            used = used_file(document.path, mention.name, view)
            if used is not None:
                yield Home(used.source, Span(0, 0))
        case "split" | "arm" | "customer":
            yield from _defined(mention, view, document)


def _known(home: Home | None) -> Iterator[Home]:
    if home is not None:
        yield home


def used_file(path: str, name: str, view: View) -> Document | None:
    """Beside the using file first, then from the folder rules/."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return view.rules.get(beside) or view.rules.get(posixpath.normpath(posixpath.join("rules", name)))


def _defined(mention: Mention, view: View, document: Document) -> Iterator[Home]:
    for other in [document] if mention.kind == "customer" else view.documents():
        for each in all_mentions(other, view):
            same = (each.kind, each.name, each.within) == (mention.kind, mention.name, mention.within)
            if each.is_definition and same:
                yield Home(other.source, each.span)


def all_mentions(document: Document, view: View) -> Iterator[Mention]:
    for piece in document.pieces:
        yield from mentions_in(piece, view)


def references(view: View, document: Document, offset: int) -> list[Home]:
    """Every place that means the same, the definition included, by file and place."""
    mention = mention_in(document, offset, view)
    if mention is None:
        return []
    return [Home(other.source, each.span) for other, each in same_mentions(mention, view, document)]


def same_mentions(mention: Mention, view: View, document: Document) -> Iterator[tuple[Document, Mention]]:
    owner = _owner(mention, view, document.path)
    for other in [document] if mention.kind == "customer" else view.documents():
        if _bare(mention) not in other.source.text:
            continue  # most files do not mention it: their trees need not be walked
        for each in all_mentions(other, view):
            if _is_same(each, mention, view) and _owner(each, view, other.path) == owner:
                yield other, each


def _bare(mention: Mention) -> str:
    return mention.name.rpartition("/")[2] if mention.kind == "template" else mention.name.rpartition(".")[2]


def _is_same(each: Mention, mention: Mention, view: View) -> bool:
    if each.kind != mention.kind:
        return False
    if mention.kind == "template":
        return _templates(each, view) & _templates(mention, view) != set() or each.name == mention.name
    if mention.kind == "property":
        return each.name == mention.name and bool(set(each.events) & set(mention.events))
    return (each.name, each.within) == (mention.name, mention.within)


def _templates(mention: Mention, view: View) -> set[str]:
    return {info.path for info in templates_named(mention.name, view)}


def _owner(mention: Mention, view: View, path: str) -> str | None:
    """Which of several definitions of one name is meant: the path of its file."""
    if mention.kind != "name":
        return None
    definition = view.definitions(path).get(mention.name)
    return definition.source.path if definition else None


def is_segment(name: str, view: View, path: str) -> bool:
    definition = view.definitions(path).get(name)
    return definition is not None and isinstance(definition.node, syntax.Segment)
