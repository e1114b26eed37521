"""Quotes and signs of other languages."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit
from dsl.messages import say
from dsl.recovery.failure import Failure, behind_blanks
from dsl.recovery.finding import Finding, context, replaced, speaks_russian, with_blanks
from dsl.source import Span
from dsl.words import CLAUSES, STEPS, shown

_OPENING = '"«“„'
_OTHER_QUOTES = "'`’‘‚‛´”"
_IN_OTHER_QUOTES = re.compile(
    rf"[{_OTHER_QUOTES}{_OPENING}»]+([^{_OTHER_QUOTES}{_OPENING}»\r\n]*)[{_OTHER_QUOTES}“\"»«]+"
)
_STRING = re.compile(r'"[^"\r\n]*"|«[^»\r\n]*»|“[^”\r\n]*”|„[^“\r\n]*“')
_ONE_WORD = re.compile(r"[^\s\"«»“”„]+")
_LIST = re.compile(r"[\[{]([^\[\]{}()\n]+)[\]}]")
_SIGN = re.compile(r"[=!<>&|≥≤≠⩾⩽]+|->|→|—|[,;:.]")

_MARKS = re.compile(r"`{3}\w*[ \t]*(?=\n|\Z)|(?:\d{1,3}[.)]|[-*•–—>]+)[ \t]+(?=[^\W\d])")

#: Sign to the terminals that may be meant, in order, and the words to write for them.
_MEANT: dict[str, tuple[tuple[str, str], ...]] = {
    "=": (("IS", "is"), ("SET_TO", "to"), ("MEANS", "means")),
    "==": (("IS", "is"), ("SET_TO", "to"), ("EQUAL", "=")),
    "===": (("IS", "is"),),
    "!=": (("IS_NOT", "is not"),),
    "≠": (("IS_NOT", "is not"),),
    "<>": (("IS_NOT", "is not"),),
    "=>": (("MORETHAN", ">="),),
    "≥": (("MORETHAN", ">="),),
    "⩾": (("MORETHAN", ">="),),
    "=<": (("LESSTHAN", "<="),),
    "≤": (("LESSTHAN", "<="),),
    "⩽": (("LESSTHAN", "<="),),
    "&&": (("AND", "and"),),
    "&": (("AND", "and"),),
    "||": (("OR", "or"),),
    "|": (("OR", "or"),),
    "!": (("NOT", "not "),),
    ",": (("AND", "and"),),
    ":": (("EQUAL", "="), ("THEN", "then"), ("IS", "is")),
}


def unclosed_quote(failure: Failure) -> Finding | None:
    """Seen at the quote itself, or anywhere on a line where quotes do not come in pairs."""
    if failure.at_end:
        return None
    at_quote = failure.word[:1] in _OPENING and not _STRING.match(failure.text, failure.position)
    quote = failure.position if at_quote else _lonely_quote(failure)
    if quote is None or _in_other_quotes(failure.text, quote):
        return None
    word = _ONE_WORD.match(failure.text, quote + 1)
    end = word.end() if word else quote + 1
    close = Edit(Span(end, end), {"«": "»", "“": "”", "„": "“"}.get(failure.text[quote], '"'))
    fixed = failure.text[quote:end] + close.text
    return Finding(
        code="E109",
        message=say("this quote is not closed"),
        where=Span(quote, quote + 1),
        label=say("text goes from one quote to the next on the same line"),
        fixes=(replaced(Span(quote, end), fixed, title=fixed),),
        repair=close,
    )


def _lonely_quote(failure: Failure) -> int | None:
    """The quote that begins a text which has swallowed words up to the next text's quote."""
    start = failure.text.rfind("\n", 0, failure.position) + 1
    line = failure.text[start : failure.rest_of_line.end]
    if line.count('"') % 2 == 0:
        return None
    before = [token for token in failure.tokens if token.type == "STRING" and (token.start_pos or 0) >= start]
    swallowing = [token for token in before if token.endswith(' "') or " " in token.strip('" ')]
    return swallowing[-1].start_pos if swallowing else None


def _in_other_quotes(text: str, position: int) -> re.Match[str] | None:
    """None for an apostrophe, which stands behind a letter."""
    is_apostrophe = text[position] in "'’´" and text[position - 1 : position].isalpha()
    return None if is_apostrophe or _STRING.match(text, position) else _IN_OTHER_QUOTES.match(text, position)


def other_quotes(failure: Failure) -> Finding | None:
    match = None if failure.at_end else _in_other_quotes(failure.text, failure.position)
    if match is None or match[0].startswith("```"):
        return None
    span, text = Span(*match.span()), f'"{match[1]}"'
    return Finding(
        code="E110",
        message=say('text is written in "straight" or “curly” double quotes'),
        where=span,
        label=say("these quotes mean nothing here"),
        fixes=(replaced(span, text, safe=True, title=text),),
        repair=Edit(span, text),
        faithful="STRING" in failure.expected,
    )


def sign_for_word(failure: Failure) -> Finding | None:
    span, sign = _sign(failure)
    for terminal, meant in _MEANT.get(sign, ()):
        if terminal == "THEN" and not failure.in_head_of_if:
            continue
        if terminal in failure.expected or sign == "<>":
            russian = speaks_russian(failure) and meant[0].isalpha()
            return _sign_finding(failure, span, shown(terminal, russian=True) if russian else meant)
    return None


def _sign_finding(failure: Failure, span: Span, meant: str) -> Finding:
    sign = failure.text[span.start : span.end]
    edit = Edit(span, with_blanks(failure.text, span, meant))
    return Finding(
        code="E105",
        message=say('here we write "{meant}", not "{sign}"', meant=meant.strip(), sign=sign),
        where=span,
        label=say('"=" gives a value a name: with discount = 10%') if sign == "=" else "",
        fixes=(replaced(span, edit.text, safe=sign != ",", title=say('replace with "{meant}"', meant=meant.strip())),),
        repair=edit,
    )


def _sign(failure: Failure) -> tuple[Span, str]:
    start = failure.position
    before = failure.before
    if before is not None and before.end_pos == start and before in ("<", ">", "=") and not failure.at_end:
        start = before.start_pos or 0
    match = None if failure.at_end else _SIGN.match(failure.text, start)
    span = Span(*match.span()) if match else Span(start, start)
    return span, failure.text[span.start : span.end]


def other_brackets(failure: Failure) -> Finding | None:
    """`in ["Moscow", "Kazan"]`."""
    match = None if failure.at_end or "LPAR" not in failure.expected else _LIST.match(failure.text, failure.position)
    if match is None:
        return None
    span, meant = Span(*match.span()), f"({match[1].strip()})"
    return Finding(
        code="E105",
        message=say('here we write "{meant}", not "{sign}"', meant="(…)", sign=f"{match[0][0]}…{match[0][-1]}"),
        where=span,
        fixes=(replaced(span, meant, safe=True, title=meant),),
        repair=Edit(span, meant),
    )


def word_for_sign(failure: Failure) -> Finding | None:
    """`with discount is 10%`."""
    if failure.expected != {"EQUAL"} or failure.word.lower() not in ("is", "to", "равно", "это"):
        return None
    return Finding(
        code="E105",
        message=say('a value is given its name with "=", not with "{word}"', word=failure.word),
        where=failure.piece,
        fixes=(replaced(failure.piece, "=", safe=True),),
        repair=Edit(failure.piece, "="),
    )


def marks_of_a_document(failure: Failure) -> Finding | None:
    """What a chat, a list or a mail puts before a line: `1.`, `-`, `>`, three backticks."""
    line = failure.text.rfind("\n", 0, failure.position) + 1
    # `2.` is seen at its point: a number could be read alone.
    match = _MARKS.match(failure.text, line + len(failure.text[line:]) - len(failure.text[line:].lstrip(" \t")))
    if match is None or failure.at_end or not match.start() <= failure.position < match.end():
        return None
    span = Span(*match.span())
    return Finding(
        code="E125",
        message=say('"{match}" has no meaning here', match=match[0].strip()),
        where=Span(span.start, span.start + len(match[0].rstrip())),
        label=say("lines need no signs before them"),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def _part_follows(failure: Failure) -> bool:
    """The end of the line, or a step or guard: there a sign can only be a pause of breath."""
    following = behind_blanks(failure.text, failure.piece.end)
    there = Failure(failure.start, failure.text, following, (), at_end=following == len(failure.text))
    return there.at_end or failure.text[following] == "\n" or there.keyword((*STEPS, *CLAUSES)) is not None


def stray_sign(failure: Failure) -> Finding | None:
    """A sign that is too much: a full stop, a semicolon, an arrow, an emoji."""
    if failure.at_end or not failure.word or failure.word[0].isalnum() or failure.word[0] in _OPENING:
        return None
    without = failure.text[: failure.piece.start] + failure.text[failure.piece.end :]
    useful = failure.reaches(without) > failure.position
    needless = failure.word in ".;" or (failure.word in ",:—–" and _part_follows(failure))
    fix = replaced(failure.piece, "", title=say("leave it out"), safe=needless and useful)
    return Finding(
        code="E125",
        message=say('"{word}" has no meaning here', word=failure.word),
        where=failure.piece,
        label=context(failure),
        fixes=(fix,) if useful else (),
        repair=Edit(failure.piece, "") if useful else None,
        faithful=useful,
    )
