"""Where template files live and what their names mean. Sources are a mapping from "email/cart.html" to text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Sources: TypeAlias = Mapping[str, str]

#: Code points of one file.
MAX_SOURCE = 64 * 1024

#: Code points of one `{{ … }}` or `{% … %}`: compiling a very long one takes much longer than running it.
MAX_EXPRESSION = 4000
MAX_EXPRESSIONS = 600  # in one file

#: Code points of MJML that has become HTML, and of all its parts together.
MAX_COMPILED = 6 * MAX_SOURCE

#: Endings of what becomes HTML; what is put into it is escaped.
PAGES = (".html", ".mjml")

#: Folders inside a channel's folder that hold what templates share; their files are no templates themselves.
SHARED = ("layouts", "partials")

_OPENING = re.compile(r"\{[{%]")
_FILE = re.compile(
    r"(?P<channel>[a-z]+)/(?P<name>[A-Za-z0-9_-]{1,64})(\.(?P<locale>[a-z]{2,3}(-[A-Za-z]{2,4})?))?\.(?P<kind>html|mjml|txt)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    path: str  # key in the sources: "email/cart.ru.html"
    channel: str
    name: str
    locale: str | None  # None: the one for everybody else
    kind: str  # html, mjml or txt


def template_file(path: str) -> TemplateFile | None:
    """None for layouts, partials and files that are no templates."""
    match = _FILE.fullmatch(path)
    return TemplateFile(path=path, **match.groupdict()) if match else None


def template_names(sources: Iterable[str]) -> list[tuple[str, str]]:
    """Every template as (channel, name), in alphabetical order."""
    files = (template_file(path) for path in sources)
    return sorted({(file.channel, file.name) for file in files if file})


def main_files(channel: str, name: str, sources: Sources) -> dict[str | None, str]:
    """By locale, the file that carries the front matter: HTML, else MJML, else the text."""
    found: dict[str | None, str] = {}
    for path in sorted(sources):  # html sorts before mjml, and that before txt
        file = template_file(path)
        if file and (file.channel, file.name) == (channel, name):
            found.setdefault(file.locale, path)
    return found


def variant_for(locale: str | None, variants: Iterable[str | None]) -> str | None:
    """The variant a customer gets: the same locale, then the language, then the one without a locale, then any."""
    known = {variant.lower(): variant for variant in variants if variant}
    asked = (locale or "").replace("_", "-").lower()
    for candidate in (asked, asked.split("-")[0]):
        if candidate in known:
            return known[candidate]
    if None in set(variants) or not known:
        return None
    return known[min(known)]


def refusal(source: str) -> tuple[int, str] | None:
    """Line and reason, when compiling it would take long. An unclosed expression goes to the end of the file."""
    at = count = 0
    while opening := _OPENING.search(source, at):
        close = source.find("}}" if opening[0] == "{{" else "%}", opening.end())
        at, count = (close if close >= 0 else len(source)), count + 1
        if at - opening.start() > MAX_EXPRESSION:
            return _line(source, opening.start()), f"an expression is longer than {MAX_EXPRESSION:,} characters"
        if count > MAX_EXPRESSIONS:
            return _line(source, opening.start()), f"the file has more than {MAX_EXPRESSIONS} expressions and tags"
    return None


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def text_sibling(path: str, sources: Sources) -> str | None:
    """The hand-written text beside an HTML or MJML file."""
    sibling = path.removesuffix(".html").removesuffix(".mjml") + ".txt"
    return sibling if sibling != path and sibling in sources else None


def html_twin(path: str, sources: Sources) -> str | None:
    """The MJML file of the same name as an HTML file: only one of the two would be sent."""
    twin = path.removesuffix(".html") + ".mjml"
    return twin if path.endswith(".html") and twin in sources else None


def referenced(name: str, referrer: str) -> str:
    """The key that `{% extends "layouts/base.html" %}` means: paths begin at the channel's own folder."""
    return f"{referrer.partition('/')[0]}/{name}"
