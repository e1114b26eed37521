"""Jinja out of the way: each `{{ … }}`, `{% … %}` and comment becomes a word that no parser of HTML or CSS minds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OPENING = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
#: What matters inside an expression: texts, brackets, and what may be its end.
_INSIDE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\}\}|%\}|[(\[{]|[)\]}]", re.DOTALL)


@dataclass(slots=True)
class Words:
    """What was hidden in one text. Words of Jinja keep its line breaks: what is behind them stays in its line."""

    stem: str  # of every word; found nowhere in the text
    hidden: list[str] = field(default_factory=list)

    @classmethod
    def for_text(cls, text: str) -> Words:
        lower, stem = text.lower(), "jw"
        while stem in lower:
            stem += "w"
        return cls(stem)

    def hide(self, text: str) -> str:
        """The text with a word for each piece of Jinja."""
        parts, at = [], 0
        while opening := _OPENING.search(text, at):
            end = jinja_end(text, opening.start())
            parts += [text[at : opening.start()], self.word(text[opening.start() : end], keeps_lines=True)]
            at = end
        return "".join([*parts, text[at:]])

    def word(self, hidden: str, *, keeps_lines: bool = False) -> str:
        """A word for any text. It may hold words itself."""
        self.hidden.append(hidden)
        breaks = "\n" * hidden.count("\n") if keeps_lines else ""
        return f"{self.stem}{len(self.hidden) - 1}{breaks}q"

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"{self.stem}(\d+)\n*q")

    def show(self, text: str) -> str:
        """Everything as it was, words inside words too."""
        pattern = self.pattern

        def shown(match: re.Match[str]) -> str:
            return pattern.sub(shown, self.hidden[int(match[1])])

        return pattern.sub(shown, text)

    def holds_tag(self, text: str) -> bool:
        """Whether there is a `{% … %}` among what the words of the text stand for."""
        return any("{%" in self.show(match[0]) for match in self.pattern.finditer(text))


def jinja_end(text: str, at: int) -> int:
    """Where what begins at `at` ends; as in Jinja, an end inside a text or brackets does not count."""
    if text.startswith("{#", at):
        end = text.find("#}", at + 2)
        return end + 2 if end >= 0 else len(text)
    if raw := _RAW.match(text, at):
        end_raw = _END_RAW.search(text, raw.end())
        return end_raw.end() if end_raw else len(text)
    close, depth = ("}}" if text.startswith("{{", at) else "%}"), 0
    for match in _INSIDE.finditer(text, at + 2):
        found = match[0]
        if found in ("}}", "%}") and depth == 0:
            if found == close:
                return match.end()
        elif found in ("(", "[", "{"):
            depth += 1
        elif found[0] in ")]}":
            depth = max(depth - len(found), 0)
    return len(text)
