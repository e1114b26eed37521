"""What a name or a word means, as one reads it above the text."""

from __future__ import annotations

from dataclasses import dataclass

from dsl import syntax
from dsl.assistance.documents import Document
from dsl.assistance.lookups import keyword_at, mention_in
from dsl.assistance.mentions import Mention
from dsl.assistance.naming import described
from dsl.assistance.notes import NOTES
from dsl.assistance.spoken import spoken_language
from dsl.assistance.surroundings import nested
from dsl.assistance.view import View
from dsl.catalog import EventType, TemplateInfo
from dsl.formatting.words import Language
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.kinds import Kind
from dsl.messages import say
from dsl.source import Span


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    text: str  # Markdown
    mention: Mention | None = None  # None: a word of the language


def hover(view: View, document: Document, offset: int) -> Hover | None:
    language = spoken_language(document.source.text, view)
    mention = mention_in(document, offset, view)
    if mention is not None:
        text = _about(mention, view, document, language)
        return Hover(mention.span, text, mention) if text else None
    keyword = keyword_at(document, offset)
    if keyword is None or keyword[0] not in NOTES:
        return None
    terminal, span = keyword
    word = (RUSSIAN if language == "ru" else ENGLISH)[terminal][0]
    return Hover(span, f"**{word}**\n\n{NOTES[terminal][language == 'ru']}")


def _about(mention: Mention, view: View, document: Document, language: Language) -> str:
    match mention.kind:
        case "event":
            event = view.catalog.events.get(mention.name)
            return about_event(event, language) if event else ""
        case "attribute":
            kind = nested(view.catalog.attributes, mention.name.split("."))
            return _about_kind(f"customer.{mention.name}", kind, "", language)
        case "property":
            return _about_property(mention, view, language)
        case "name":
            return _about_name(mention.name, view, document, language)
        case "template":
            return _about_template(mention.name, view, language)
    return ""


def about_event(event: EventType, language: Language) -> str:
    title = event.title.get(language) or next(iter(event.title.values()), "")
    lines = [f"**{event.name}**" + (f" — {title}" if title else ""), ""]
    lines += [
        f"- `{name}`: {described(kind)}" + (f" — {say('the key').text(language)}" if name == event.key else "")
        for name, kind in event.properties.items()
    ]
    if event.cancelled_by:
        names = ", ".join(f"`{name}`" for name in event.cancelled_by)
        lines += ["", say("cancelled by {names}", names=names).text(language)]
    if event.open:
        lines += ["", say("it may have other properties too").text(language)]
    return "\n".join(lines)


def _about_kind(name: str, kind: Kind | None, of: str, language: Language) -> str:
    if kind is None:
        return ""
    facts = [f"`{name}`: {described(kind)}"]
    if of:
        facts.append(of)
    if kind.personal:
        facts.append(say("personal data").text(language))
    if kind.fields:
        facts.append("\n".join(f"- `{field}`: {described(each)}" for field, each in kind.fields.items()))
    return "\n\n".join(facts)


def _about_property(mention: Mention, view: View, language: Language) -> str:
    first = mention.name.split(".")[0]
    having = [
        event
        for name in mention.events
        if (event := view.catalog.events.get(name)) is not None and first in event.properties
    ]
    if not having:
        return ""
    kind = nested(having[0].properties, mention.name.split("."))
    named = ", ".join(f"`{event.name}`" for event in having[:5]) + (" …" if len(having) > 5 else "")
    return _about_kind(f"event.{mention.name}", kind, say("of {names}", names=named).text(language), language)


def _about_name(name: str, view: View, document: Document, language: Language) -> str:
    definition = view.definitions(document.path).get(name)
    if definition is None:
        return ""
    node = definition.node
    place = definition.source.place(node.name.span.start)
    words = "\n".join(line.rstrip() for line in definition.source.slice(node.span).strip().splitlines())
    what = {syntax.Let: say("constant"), syntax.Define: say("condition"), syntax.Segment: say("segment")}[type(node)]
    return f"```kogda\n{words}\n```\n\n{what.text(language)}, {definition.source.path}:{place.line}"


def _about_template(name: str, view: View, language: Language) -> str:
    found = templates_named(name, view)
    if not found:
        return ""
    lines = []
    for info in found:
        topic = f", {say('topic {topic}', topic=info.topic).text(language)}" if info.topic else ""
        lines.append(f'**{info.channel} "{info.name}"** — {info.path}{topic}')
        reads = sorted({".".join(use.path) for use in info.uses})
        if reads:
            names = ", ".join(f"`{each}`" for each in reads)
            lines.append(say("it reads {names}", names=names).text(language))
    return "\n\n".join(lines)


def templates_named(name: str, view: View) -> list[TemplateInfo]:
    """`email/cart`; `*/cart` is on any channel."""
    channel, _, bare = name.partition("/")
    return [info for (its, other), info in view.catalog.templates.items() if other == bare and channel in ("*", its)]
