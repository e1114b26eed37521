"""Names by what they are, for colours that a grammar of words alone cannot know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsl.assistance.definitions import all_mentions, is_segment
from dsl.assistance.documents import Document
from dsl.assistance.mentions import Mention
from dsl.assistance.view import View
from dsl.source import Span

Colour = Literal["event", "property", "variable", "class", "function", "string"]

#: In the order in which the server announces them.
COLOURS: tuple[Colour, ...] = ("event", "property", "variable", "class", "function", "string")


@dataclass(frozen=True, slots=True)
class Coloured:
    span: Span
    colour: Colour
    is_definition: bool


def coloured(view: View, document: Document) -> list[Coloured]:
    """In the order of the text, none over another."""
    found = []
    end = -1
    for mention in all_mentions(document, view):
        colour = _colour(mention, view, document)
        if colour is not None and mention.span.start >= end and "\n" not in document.source.slice(mention.span):
            found.append(Coloured(mention.span, colour, mention.is_definition))
            end = mention.span.end
    return found


def _colour(mention: Mention, view: View, document: Document) -> Colour | None:
    match mention.kind:
        case "event":
            return "event"
        case "attribute" | "property":
            return "property"
        case "variable" | "customer":
            return "variable"
        case "template":
            return "function"
        case "name":
            definition = view.definitions(document.path).get(mention.name)
            if definition is None:
                return None
            return "class" if is_segment(mention.name, view, document.path) else "variable"
    return None
