"""Reads MJML as its author wrote it: what is wrong, and what may go to mrml.

mrml drops what it does not know, hoists what is raw, and stops at HTML that browsers take. So it only ever sees the
structure: words of the author, raw pieces and attributes with something special in them are replaced by plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dsl.messages import say
from engine.rendering.mjml.components import (
    BLOCKS,
    COMPONENTS,
    COMPUTED,
    DEFAULTS,
    EVERY_ATTRIBUTE,
    ROWS,
    Component,
)
from engine.rendering.mjml.expanding import Expanded
from engine.rendering.problems import TemplateProblem, did_you_mean
from engine.rendering.words import Words

MAX_OPEN = 30  # elements inside each other
MAX_ELEMENTS = 3000

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|</([a-zA-Z][\w-]*)\s*>|<([a-zA-Z][\w-]*)((?:\s|=|/(?!>)|[^\s\"'<>=/]|\"[^\"]*\"|'[^']*')*)>"
    r"|<([a-zA-Z][\w-]*)((?:\s|=|/(?!>)|[^\s\"'<>=/]|\"[^\"]*\"|'[^']*')*)/>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\s*([^\s=\"'<>/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|[^\s\"'>]+))?")
_PLAIN = re.compile(r"[\w #%.,:;()/?=+@~*!'-]*")


@dataclass(slots=True)
class Structure:
    """What mrml gets, and what it is put together again with."""

    source: str
    words: Words
    before: str  # Jinja in front of <mjml>, and behind it
    after: str
    rows: list[str]  # words that stand for a row of their own
    inline_css: str
    needed: list[tuple[str, int]]  # words that must come out of it, with their lines


@dataclass(slots=True)
class _Open:
    name: str
    line: int


@dataclass(slots=True)
class MjmlReader:
    expanded: Expanded
    problems: list[TemplateProblem] = field(default_factory=list)
    text: str = ""
    at: int = 0
    words: Words = field(init=False)
    open: list[_Open] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    inline_css: list[str] = field(default_factory=list)
    needed: list[tuple[str, int]] = field(default_factory=list)
    elements: int = 0
    has_root: bool = False
    has_body: bool = False

    def read(self) -> Structure:
        """Look at `problems` before using it."""
        self.problems.extend(self.expanded.problems)
        self.words = Words.for_text(self.expanded.text)
        self.text = self.words.hide(self.expanded.text)
        while (token := _TOKEN.search(self.text, self.at)) and not self._is_too_much():
            self._between(self.text[self.at : token.start()], self.at)
            self.at = token.end()
            self._token(token)
        if not self._is_too_much():
            self._between(self.text[self.at :], self.at)
            self._at_end()
        return Structure(
            source="".join(self.written),
            words=self.words,
            before="".join(self.before),
            after="".join(self.after),
            rows=self.rows,
            inline_css="\n".join(self.inline_css),
            needed=self.needed,
        )

    def _is_too_much(self) -> bool:
        if self.elements <= MAX_ELEMENTS and len(self.open) <= MAX_OPEN:
            return False
        self.problems = [self.expanded.problem(1, say("the template is nested too deep, or costs too much"))]
        return True

    def _at_end(self) -> None:
        if self.open:
            opened = self.open[-1]
            self._report(
                opened.line, say("`<{name}>` is never closed", name=opened.name), say("add </{name}>", name=opened.name)
            )
        elif not self.has_body and not self.problems:
            self._report(1, say("there is no `<mj-body>` in this file"), "<mjml><mj-body>…</mj-body></mjml>")

    # Between the tags

    def _between(self, text: str, start: int) -> None:
        at = 0
        for match in self.words.pattern.finditer(text):
            self._loose(text[at : match.start()], start + at)
            self._jinja(match[0], start + match.start())
            at = match.end()
        self._loose(text[at:], start + at)

    def _loose(self, text: str, start: int) -> None:
        bare = text.lstrip()
        if not bare:
            return
        line = self._line(start + len(text) - len(bare))
        if bare[0] == "<" and (tag := re.match(r"</?([\w-]+)", bare)):
            message = say("the tag `<{name}` cannot be read", name=tag[1])
            self._report(line, message, say('attributes are written name="value", and a tag ends with >'))
        elif self.open:
            parent = self.open[-1].name
            self._report(line, say("words cannot stand in `<{parent}>`", parent=parent), say("put them into <mj-text>"))
        else:
            self._report(line, say("words cannot stand outside of `<mjml>`"), None)

    def _jinja(self, word: str, start: int) -> None:
        """A tag of Jinja between elements: as in <mj-raw>."""
        source = self.words.show(word)
        if source.startswith("{#"):
            return
        if not self.open:
            (self.after if self.has_root else self.before).append(word)
        elif self.open[-1].name in ROWS | BLOCKS:
            self._raw(word, start)
        else:
            parent = self.open[-1].name
            help = say("it may stand between sections, columns and rows, and inside words")
            self._report(self._line(start), say("Jinja cannot stand in `<{parent}>`", parent=parent), help)

    def _raw(self, content: str, start: int) -> None:
        parent = self.open[-1].name
        is_jinja = not self.words.pattern.sub("", content).strip()
        word = self.words.word(content)
        if parent in ROWS:
            self.rows.append(word)
            self.written.append(f'<mj-spacer css-class="{word}" />')
        elif parent == "mj-wrapper" and not is_jinja:
            # What is raw here would come out inside of a comment for Outlook.
            self._report(self._line(start), say("HTML cannot stand in `<mj-wrapper>`"), say("put it into a column"))
            return
        else:
            self.written.append(f"<mj-raw>{word}</mj-raw>")
        self.needed.append((word, self._line(start)))

    # Tags

    def _token(self, token: re.Match[str]) -> None:
        if token[0].startswith("<!--"):
            return
        if token[1]:
            self._end(token[1], token.start())
            return
        self.elements += 1
        name, attributes, is_closed = token[2] or token[4], token[3] or token[5] or "", bool(token[4])
        line = self._line(token.start())
        if self.open and self.open[-1].name == "mj-attributes":
            self._default(name, attributes, line, is_closed=is_closed)
            return
        component = self._component(name, line)
        if component is None:
            return
        if component.holds == "words":
            self._words(name, component, attributes, start=token.start(), is_closed=is_closed)
            return
        self.has_root = self.has_root or name == "mjml"
        self.has_body = self.has_body or name == "mj-body"
        end = "/>" if is_closed or component.holds == "nothing" else ">"
        self.written.append(f"<{name}{self._attributes(name, component.attributes, attributes, line)} {end}")
        if component.holds == "nothing" and not is_closed:
            self._skip_end(name)
        elif not is_closed:
            self.open.append(_Open(name, line))

    def _component(self, name: str, line: int) -> Component | None:
        component = COMPONENTS.get(name)
        parent = self.open[-1].name if self.open else ""
        if component is None:
            known = [each for each, found in COMPONENTS.items() if parent in found.parents]
            help = did_you_mean(name, known) or did_you_mean(name, COMPONENTS)
            if not name.startswith("mj"):
                help = say("HTML goes into <mj-text>, <mj-table> or <mj-raw>")
            self._report(line, say("MJML has no `<{name}>`", name=name), help)
        elif parent not in component.parents:
            places = ", ".join(f"`<{each}>`" for each in component.parents if each) or say("the top of the file")
            help = say("it stands in {places}", places=places)
            if parent:
                self._report(line, say("`<{name}>` cannot stand in `<{parent}>`", name=name, parent=parent), help)
            else:
                self._report(line, say("`<{name}>` cannot stand outside of `<mjml>`", name=name), help)
        else:
            return component
        self._skip(name)
        return None

    def _end(self, name: str, start: int) -> None:
        if self.open and self.open[-1].name == name:
            self.open.pop()
            self.written.append(f"</{name}>")
            return
        line = self._line(start)
        if self.open:
            inner = self.open[-1].name
            message = say("`</{name}>` does not fit here: `<{inner}>` is still open", name=name, inner=inner)
            self._report(line, message, say("close it first with </{inner}>", inner=inner))
        else:
            self._report(line, say("`</{name}>` closes nothing", name=name), None)
        while any(each.name == name for each in self.open) and self.open.pop().name != name:
            pass

    def _words(self, name: str, component: Component, attributes: str, *, start: int, is_closed: bool) -> None:
        """An element whose content is the author's own."""
        line, content_start = self._line(start), self.at
        given = self._attributes(name, component.attributes, attributes, line)
        content = "" if is_closed else self._content(name, line)
        if name == "mj-raw":
            self._raw(content, content_start)
        elif name == "mj-style" and "inline=" in given:
            self.inline_css.append(content)
        else:
            word = self.words.word(content.strip() if name in ("mj-title", "mj-button") else content)
            self.written.append(f"<{name}{given}>{word}</{name}>")
            if content.strip() and name != "mj-title":
                self.needed.append((word, line))

    def _content(self, name: str, line: int) -> str:
        end = re.compile(rf"</{name}\s*>").search(self.text, self.at)
        if end is None:
            self._report(line, say("`<{name}>` is never closed", name=name), say("add </{name}>", name=name))
            self.at, self.open = len(self.text), []  # everything behind it would be reported too
            self.has_root = True
            return ""
        content = self.text[self.at : end.start()]
        self.at = end.end()
        inner = re.search(r"<(mj-[a-z-]+)[\s>]", content)
        if inner and name != "mj-raw":
            message = say("`<{name}>` cannot stand in `<{parent}>`", name=inner[1], parent=name)
            self._report(
                line + content.count("\n", 0, inner.start()), message, say("close it first with </{inner}>", inner=name)
            )
        return content

    def _default(self, name: str, attributes: str, line: int, *, is_closed: bool) -> None:
        if name not in COMPONENTS and name not in DEFAULTS:
            self._report(line, say("MJML has no `<{name}>`", name=name), did_you_mean(name, [*COMPONENTS, *DEFAULTS]))
        else:
            component = COMPONENTS.get(name)
            known = EVERY_ATTRIBUTE if component is None else component.attributes
            given = self._attributes(name, known | ({"name"} if name == "mj-class" else set()), attributes, line)
            self.written.append(f"<{name}{given} />")
        if not is_closed:
            self._skip_end(name)

    def _skip_end(self, name: str) -> None:
        """Past `</name>` when nothing else stands before it."""
        if end := re.compile(rf"\s*</{name}\s*>").match(self.text, self.at):
            self.at = end.end()

    def _skip(self, name: str) -> None:
        """Past an element that was reported, so that nothing inside is reported too."""
        if end := re.compile(rf"</{name}\s*>").search(self.text, self.at):
            self.at = end.end()

    # Attributes

    def _attributes(self, element: str, known: frozenset[str], source: str, line: int) -> str:
        return "".join(self._attribute_pairs(element, known, source, line))

    def _attribute_pairs(self, element: str, known: frozenset[str], source: str, line: int) -> Iterator[str]:
        for match in _ATTRIBUTE.finditer(source):
            name, value = match[1], match[2] if match[2] is not None else match[3]
            here = line + source.count("\n", 0, match.start(1))
            if value is None:
                message = say("`{name}` has no value in quotes", name=self.words.show(name)[:40])
                self._report(here, message, say('attributes are written name="value", and a tag ends with >'))
            elif name not in known:
                message = say(
                    "`<{element}>` has no attribute `{name}`", element=element, name=self.words.show(name)[:40]
                )
                self._report(here, message, did_you_mean(name, known))
            elif name in COMPUTED and self.words.pattern.search(value):
                message = say("`{name}` cannot hold Jinja: it is computed before the mail is written", name=name)
                self._report(here, message, None)
            else:
                is_plain = _PLAIN.fullmatch(value) and not self.words.pattern.search(value)
                yield f' {name}="{value if is_plain else self.words.word(value)}"'

    def _line(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1

    def _report(self, line: int, message: str, help: str | None) -> None:
        problem = self.expanded.problem(line, message, help)
        if problem not in self.problems:
            self.problems.append(problem)
