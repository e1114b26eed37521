"""The text part of a mail whose author wrote none: what its HTML says, with links, headings and lists in Markdown.

One pass over the tags, no tree: parsers that repair HTML as browsers do take quadratic time for hostile nesting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

#: Above it the text part is left to the mail program.
MAX_CONVERTED = 200_000

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*+>|<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)((?:[^<>\"']|\"[^\"]*\"|'[^']*'){0,2000}+)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([a-zA-Z][\w:-]*+)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]++)))?")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
#: Not the no-break space, which keeps an amount and its currency together.
_SPACE = " \t\r\n\f"
_SPACES = re.compile(f"[{_SPACE}]+")

_SILENT = frozenset({"head", "style", "script", "template", "title", "noscript", "svg", "select", "textarea"})
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
#: Line breaks before and after; two make an empty line.
_BREAKS: dict[str, int] = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "blockquote", "pre", "hr"), 2),
    **dict.fromkeys(("div", "section", "article", "header", "footer"), 2),
    **dict.fromkeys(("table", "tr", "li", "dt", "dd", "center"), 1),
}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_LINKS = ("http://", "https://", "mailto:", "tel:")


def text_of(html: str) -> str:
    """Takes a fraction of a millisecond for an ordinary mail; "" for one that is too long to be worth it."""
    if len(html) > MAX_CONVERTED:
        return ""
    writer = _Writer()
    at = 0
    while found := _TAG.search(html, at):
        if found.start() > at:
            writer.words(html[at : found.start()])
        at = found.end()
        closes, tag, attributes = found.groups()
        if tag is None:
            continue  # a comment, Outlook's conditional ones too
        tag = tag.lower()
        if closes:
            writer.end(tag)
        elif tag in _SILENT or (tag not in _VOID and _is_hidden(attributes)):
            at = _after(html, tag, at)
        else:
            writer.begin(tag, attributes)
    writer.words(html[at:])
    return writer.text()


def _is_hidden(attributes: str) -> bool:
    if "none" not in attributes and "hid" not in attributes:
        return False
    values = _values(attributes)
    return "hidden" in values or bool(_HIDDEN.search(values.get("style", "")))


def _values(attributes: str) -> dict[str, str]:
    return {
        name.lower(): unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(attributes)
    }


def _after(html: str, tag: str, at: int) -> int:
    """Where the element ends that was opened just before `at`; elements of its kind may be inside."""
    depth = 1
    for found in re.compile(rf"<(/?){tag}(?![\w-])[^>]*+>", re.IGNORECASE).finditer(html, at):
        depth += -1 if found[1] else 1
        if not depth:
            return found.end()
    return len(html)


@dataclass(slots=True)
class _Writer:
    pieces: list[str] = field(default_factory=list)
    breaks: int = 0  # owed before the next word
    has_gap: bool = False  # a space is owed before the next word
    link: tuple[str, int] | None = None  # the open one: its target, pieces before its words
    lists: list[int] = field(default_factory=list)  # open ones: the next number, 0 for bullets
    is_pre: bool = False

    def begin(self, tag: str, attributes: str) -> None:
        if tag == "a":
            self._end_link()
            target = _values(attributes).get("href", "").strip()
            self.link = (target, len(self.pieces)) if target.lower().startswith(_LINKS) else None
        elif tag == "br":
            self.breaks = min(self.breaks + 1, 2)
        elif tag == "img":
            if self.link:
                self._say(_values(attributes).get("alt", ""))
        elif tag in ("td", "th"):
            self.has_gap = True
        elif tag in ("ul", "ol"):
            self._break(1 if self.lists else 2)
            self.lists.append(1 if tag == "ol" else 0)
        else:
            self._begin_block(tag)

    def end(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in ("td", "th"):
            self.has_gap = True
        elif tag in ("ul", "ol"):
            if self.lists:
                self.lists.pop()
            self._break(1 if self.lists else 2)
        else:
            if tag == "pre":
                self.is_pre = False
            self._break(_BREAKS.get(tag, 0))

    def words(self, source: str) -> None:
        self._say(unescape(source) if "&" in source else source)

    def text(self) -> str:
        self._end_link()
        lines = "".join(self.pieces).split("\n")
        return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"

    def _begin_block(self, tag: str) -> None:
        self._break(_BREAKS.get(tag, 0))
        if tag in _HEADINGS:
            self._write(_HEADINGS[tag])
        elif tag == "hr":
            self._write("* * *")
            self._break(2)
        elif tag == "pre":
            self.is_pre = True
        elif tag == "li":
            number = self.lists[-1] if self.lists else 0
            if number:
                self.lists[-1] += 1
            self._write("  " * min(max(len(self.lists), 1), 20) + (f"{number}. " if number else "* "))

    def _end_link(self) -> None:
        """The words in brackets and where they lead; the address alone when it is all there is to say."""
        if self.link is None:
            return
        (target, start), self.link = self.link, None
        words = "".join(self.pieces[start:])
        said = words.strip()
        if said:
            before = words[: len(words) - len(words.lstrip())]
            self.pieces[start:] = [before + (target if said == target else f"[{said}]({target})")]

    def _say(self, text: str) -> None:
        if self.is_pre:
            self._write(text.strip("\n"))
            return
        said = text.strip(_SPACE)
        if not said:  # most of what stands between tags
            self.has_gap = self.has_gap or text != ""
            return
        self.has_gap = self.has_gap or text[0] in _SPACE
        self._write(_SPACES.sub(" ", said))
        self.has_gap = text[-1] in _SPACE

    def _break(self, lines: int) -> None:
        self.breaks = max(self.breaks, lines)

    def _write(self, text: str) -> None:
        if self.pieces and self.breaks:
            self.pieces.append("\n" * self.breaks)
        elif self.pieces and self.has_gap and self.pieces[-1][-1:] not in (" ", "\n"):
            self.pieces.append(" ")
        self.breaks, self.has_gap = 0, False
        self.pieces.append(text)
