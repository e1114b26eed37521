"""Diagnostics as people and machines read them."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence

from dsl.codes import CODES
from dsl.diagnostics import Diagnostic, Fix, Label, Severity
from dsl.example_words import written_in
from dsl.messages import Language, in_a_row, in_language, say, translated
from dsl.source import Source, Span

BETWEEN_FIXES = "   |   "

SEVERITIES = {Severity.ERROR: say("error"), Severity.WARNING: say("warning")}

_LONGEST = 1_000  # characters of a line that are shown

_MOST = 20  # findings of one code that are shown whole
#: Templates come before the rules that send them: who has just added the starters need not read the same of each.
_MOST_OF = {"W560": 1}

#: A file from anywhere must not steer the terminal that shows it: control characters become pictures one column wide.
_VISIBLE = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | dict.fromkeys(
    range(0x7F, 0xA0), 0xFFFD
)


def render_short(diagnostics: Sequence[Diagnostic], language: Language = "en") -> str:
    """One line for each."""
    return "".join(f"{_headline(diagnostic, language)}\n" for diagnostic in diagnostics).translate(_VISIBLE)


def render_text(diagnostics: Sequence[Diagnostic], language: Language = "en") -> str:
    """Each with its lines of the file, the places in them, and what to do; a blank line between two.

    Of what comes by the thousand the first are shown, and the others counted.
    """
    places: Counter[str] = Counter()
    blocks = []
    for diagnostic in diagnostics:
        places[diagnostic.code] += 1
        if places[diagnostic.code] <= _most_of(diagnostic.code):
            blocks.append(_block(diagnostic, language))
    blocks += [
        _others(code, count - _most_of(code), language) for code, count in places.items() if count > _most_of(code)
    ]
    return "\n".join(blocks).translate(_VISIBLE)


def _most_of(code: str) -> int:
    return _MOST_OF.get(code, _MOST)


def _others(code: str, count: int, language: Language) -> str:
    title = translated(CODES[code].title, language)
    others = say("… and {count} more {code}: {title}", count=f"{count:,}", code=code, title=title)
    where = say("`kogda check --format short` lists each in a line")
    return f"{in_language(others, language)}\n  = {in_language(where, language)}\n"


def render_json(diagnostics: Sequence[Diagnostic], language: Language = "en") -> str:
    """A list of objects: the one source for editors, SARIF, annotations and the browser."""
    return (
        json.dumps([as_json(diagnostic, language) for diagnostic in diagnostics], ensure_ascii=False, indent=2) + "\n"
    )


def _said(text: str, diagnostic: Diagnostic, language: Language) -> str:
    """With the words of the language as the file writes them."""
    if language == "en":
        return text
    source = diagnostic.source
    return in_language(text, language, written_in(source.text) if source.path.endswith(".rules") else None)


def _headline(diagnostic: Diagnostic, language: Language) -> str:
    place = diagnostic.source.place(diagnostic.span.start)
    where = f"{diagnostic.source.path}:{place.line}:{place.column}"
    severity = in_language(SEVERITIES[diagnostic.severity], language)
    return f"{where}: {severity}[{diagnostic.code}]: {_said(diagnostic.message, diagnostic, language)}"


def _block(diagnostic: Diagnostic, language: Language) -> str:
    gutter = max((len(str(_line(diagnostic, label))) for label in diagnostic.labels), default=1)
    lines = [_headline(diagnostic, language)]
    shown: tuple[Source, int] | None = None
    cut = slice(None)
    for label in diagnostic.labels:
        source, line = label.source or diagnostic.source, _line(diagnostic, label)
        if shown is None or shown != (source, line):
            cut = _cut(source, label)
            lines += _excerpt(diagnostic, source, line, gutter, cut)
            shown = (source, line)
        said = _said(label.text, diagnostic, language)
        lines.append(f"{'':{gutter}} | {_underline(source, label, said, cut)}".rstrip())
    lines += [f"{'':{gutter}} = {_said(note, diagnostic, language)}" for note in diagnostic.notes]
    if diagnostic.fixes:
        fixes = in_a_row(BETWEEN_FIXES, (_fix(fix) for fix in diagnostic.fixes))
        lines.append(f"{'':{gutter}} = {_said(say('fix: {fixes}', fixes=fixes), diagnostic, language)}")
    return "\n".join(lines) + "\n"


def _line(diagnostic: Diagnostic, label: Label) -> int:
    return (label.source or diagnostic.source).place(label.span.start).line


def _cut(source: Source, label: Label) -> slice:
    """What is shown of a line: all of it, or what stands around a place in one that goes on for ever."""
    place = source.place(label.span.start)
    start = max(0, place.column - 1 - _LONGEST // 2) if len(source.line_text(place.line)) > _LONGEST else 0
    return slice(start, start + _LONGEST)


def _excerpt(diagnostic: Diagnostic, source: Source, line: int, gutter: int, cut: slice) -> list[str]:
    elsewhere = [] if source is diagnostic.source else [f"{'':{gutter}} --> {source.path}:{line}"]
    return [*elsewhere, f"{line:>{gutter}} | {source.line_text(line)[cut]}".rstrip()]


def _underline(source: Source, label: Label, text: str, cut: slice) -> str:
    """Carets under the label's place on its first line, then its words."""
    place = source.place(label.span.start)
    line, column = source.line_text(place.line)[cut], max(0, place.column - 1 - (cut.start or 0))
    before, marked = line[:column], line[column : column + _length(label.span)]
    # Tabs are kept, so that the carets stand right whatever their width.
    blank = "".join("\t" if char == "\t" else " " * _width(char) for char in before)
    carets = "^" * max(1, sum(_width(char) for char in marked))
    return f"{blank}{carets} {text}".rstrip()


def _length(span: Span) -> int:
    return span.end - span.start


def _width(char: str) -> int:
    """Columns that a terminal gives to a character."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _fix(fix: Fix) -> str:
    return say("{fix}  [safe]", fix=fix.title) if fix.safety == "safe" else fix.title


def as_json(diagnostic: Diagnostic, language: Language = "en") -> dict[str, object]:
    code = CODES.get(diagnostic.code)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": _said(diagnostic.message, diagnostic, language),
        "path": diagnostic.source.path,
        **_range(diagnostic.source, diagnostic.span),
        "labels": [_label(diagnostic, label, language) for label in diagnostic.labels],
        "notes": [_said(note, diagnostic, language) for note in diagnostic.notes],
        "fixes": [_fix_as_json(diagnostic, fix, language) for fix in diagnostic.fixes],
        "docs": code.page if code else None,
    }


def _label(diagnostic: Diagnostic, label: Label, language: Language) -> dict[str, object]:
    source = label.source or diagnostic.source
    return {"path": source.path, **_range(source, label.span), "text": _said(label.text, diagnostic, language)}


def _fix_as_json(diagnostic: Diagnostic, fix: Fix, language: Language) -> dict[str, object]:
    edits = [{**_range(diagnostic.source, edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": _said(fix.title, diagnostic, language), "edits": edits, "safety": fix.safety}


def _range(source: Source, span: Span) -> dict[str, object]:
    return {"start": _point(source, span.start), "end": _point(source, span.end)}


def _point(source: Source, offset: int) -> dict[str, int]:
    place = source.place(offset)
    return {"line": place.line, "col": place.column, "offset": offset}
