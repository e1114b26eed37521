"""CSS of `<style>` put into the tags, once when a template is loaded.

Nothing of a file changes but the `style` of its tags: css-inline gets a skeleton of numbered tags without any text or
Jinja, and what it finds for each is written in front of what the tag says itself. The `<style>` stays where it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

import css_inline

from engine.rendering.words import Words

MAX_TAGS = 5000
MAX_OPEN = 300  # css-inline walks the tree by recursion
MAX_CSS = 64 * 1024

_NUMBER = "data-kogda"
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|(?P<style><style\b(?P<media>[^>]*)>(?P<css>.*?)</style\s*>)"
    r"|<(?P<other>script|title|textarea|noscript)\b[^>]*>.*?</(?P=other)\s*>"
    r"|</(?P<end>[a-zA-Z][\w:-]*)\s*>"
    r"|<(?P<tag>[a-zA-Z][\w:-]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>",
    re.DOTALL | re.IGNORECASE,
)
_STYLE = re.compile(r"(?<![\w-])style\s*=\s*(?:(\")([^\"]*)\"|(')([^']*)')", re.IGNORECASE)
_CLASSES = re.compile(r"(?<![\w-])(class|id)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_NOT_SHOWN = frozenset(["html", "head", "meta", "link", "base", "script", "title", "style"])
#: What a fragment that begins in the middle of a table needs around it.
_AROUND = {"tr": "<table><tbody>", "td": "<table><tbody><tr>", "th": "<table><tbody><tr>", "tbody": "<table>"}
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, preallocate_node_capacity=None)


class TooLargeToInline(Exception):
    """More tags or rules than a mail has."""


@dataclass(frozen=True, slots=True)
class _Tag:
    number: int
    start: int  # of the whole tag
    end: int
    name: str
    attributes: str


def stylesheets(html: str) -> str:
    """The CSS of the `<style>` elements that are for every screen; those with Jinja tags inside stay what they are."""
    words = Words.for_text(html)
    return words.show("\n".join(_sheets(words.hide(html), words)))


def inlined(html: str, css: str = "", *, own: bool = True) -> str:
    """`css` comes from elsewhere: a layout. `own`: that of the `<style>` elements too. Raises TooLargeToInline."""
    words = Words.for_text(html + css)
    text, extra = words.hide(html), words.hide(css)
    sheet = "\n".join([*([extra] if not words.holds_tag(extra) else []), *(_sheets(text, words) if own else ())])
    if not sheet.strip():
        return html
    if len(sheet) > MAX_CSS:
        raise TooLargeToInline
    skeleton, tags = _skeleton(text, words)
    found = _Styles()
    found.feed(_INLINER.inline(f"<style>{sheet.replace('<', '')}</style>{skeleton}"))
    return words.show(_with_styles(text, tags, found.styles, words))


def _sheets(text: str, words: Words) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        if token["style"] and "media" not in token["media"].lower() and not words.holds_tag(token["css"]):
            yield token["css"]


def _skeleton(text: str, words: Words) -> tuple[str, list[_Tag]]:
    parts: list[str] = []
    tags: list[_Tag] = []
    open_tags: Counter[str] = Counter()
    for token in _TOKEN.finditer(text):
        if token["end"]:
            name = token["end"].lower()
            open_tags[name] = max(open_tags[name] - 1, 0)
            parts.append(f"</{name}>")
        elif token["tag"]:
            tag = _Tag(len(tags), token.start(), token.end(), token["tag"].lower(), token["attributes"])
            tags.append(tag)
            parts.append(_bare(tag, words))
            open_tags[tag.name] += tag.name not in _VOID
        if len(tags) > MAX_TAGS or open_tags.total() > MAX_OPEN:
            raise TooLargeToInline
    return _AROUND.get(tags[0].name, "") + "".join(parts) if tags else "", tags


def _bare(tag: _Tag, words: Words) -> str:
    """What selectors can see of a tag; a class of which only the reader's data decides is none."""
    seen = [
        f'{match[1]}="{escape(words.pattern.sub("", match[2] or match[3] or ""))}"'
        for match in _CLASSES.finditer(tag.attributes)
    ]
    return f'<{tag.name} {_NUMBER}="{tag.number}" {" ".join(seen)}>'


class _Styles(HTMLParser):
    """By number, what css-inline found for a tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.styles: dict[int, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        number, style = given.get(_NUMBER), (given.get("style") or "").strip(" ;")
        if number and style:
            self.styles[int(number)] = style


def _with_styles(text: str, tags: list[_Tag], styles: dict[int, str], words: Words) -> str:
    parts, at = [], 0
    for tag in tags:
        style = styles.get(tag.number)
        if style is None or tag.name in _NOT_SHOWN or _is_conditional(tag, words):
            continue
        source = text[tag.start : tag.end]
        parts += [text[at : tag.start], _styled(source, tag, style)]
        at = tag.end
    return "".join([*parts, text[at:]])


def _is_conditional(tag: _Tag, words: Words) -> bool:
    """Jinja tags around attributes: nobody knows which of them there will be."""
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "", tag.attributes)
    return bool(words.pattern.search(outside)) or any(
        words.holds_tag(match[0]) for match in _CLASSES.finditer(tag.attributes)
    )


def _styled(source: str, tag: _Tag, style: str) -> str:
    said = _STYLE.search(source)
    if said is None:
        at = 1 + len(tag.name)
        return f'{source[:at]} style="{escape(style)}"{source[at:]}'
    quote, own = (said[1] or said[3]), (said[2] if said[1] else said[4]) or ""
    joined = escape(style) + (f"; {own.strip()}" if own.strip() else "")
    return f"{source[: said.start()]}style={quote}{joined}{quote}{source[said.end() :]}"
