"""What a look at a failure found: the mistake in the marketer's words, and the repair to go on with."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.alphabets import is_russian
from dsl.diagnostics import Edit, Fix
from dsl.keywords import ENGLISH
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.source import Span
from dsl.words import expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Places are those of the failure's text. `faithful`: the repaired text says what the author meant."""

    code: str
    message: str
    where: Span
    label: str = ""
    also: tuple[tuple[Span, str], ...] = ()  # further labels
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    repair: Edit | None = None  # None: leave out the rest of the line
    faithful: bool = True


def replaced(span: Span, text: str, *, safe: bool = False, title: str | None = None) -> Fix:
    return Fix(title or say('replace with "{text}"', text=text), (Edit(span, text),), "safe" if safe else "unsafe")


def with_blanks(text: str, span: Span, word: str) -> str:
    """The word that takes the place of the span, apart from what stands beside it."""
    if not word[:1].isalpha():
        return word
    before = "" if span.start == 0 or text[span.start - 1].isspace() else " "
    after = "" if span.end >= len(text) or text[span.end].isspace() or word.endswith(" ") else " "
    return f"{before}{word}{after}"


def speaks_russian(failure: Failure) -> bool:
    """The keywords before the failure, or the rest of the chunk when there are none, are Russian."""
    words = [str(token) for token in failure.tokens if token.type in ENGLISH] or [failure.text]
    return any(map(is_russian, words[-1]))


def context(failure: Failure) -> str:
    """`after "after 1h" I expected: send, wait, if …`"""
    expected = expectation(failure.expected, russian=speaks_russian(failure))
    before = _words_before(failure)
    return (
        say("after {before} I expected: {expected}", before=before, expected=expected)
        if before
        else say("I expected: {expected}", expected=expected)
    )


def _words_before(failure: Failure) -> str:
    """The last token in quotes, with the keyword that it belongs to."""
    if failure.before is None:
        return ""
    first = failure.before
    if first.type not in ENGLISH and len(failure.tokens) > 1 and failure.tokens[-2].type in ENGLISH:
        first = failure.tokens[-2]
    assert first.start_pos is not None and failure.before.end_pos is not None
    words = " ".join(failure.text[first.start_pos : failure.before.end_pos].split())
    return words if '"' in words else say('"{words}"', words=words)


def rewritten(code: str, message: str, span: Span, text: str, *, safe: bool = True) -> Finding:
    title = say('replace with "{text}"', text=text.strip()) if code in ("E101", "E105") else text
    return Finding(
        code=code,
        message=message,
        where=span,
        fixes=(replaced(span, text, safe=safe, title=title),),
        repair=Edit(span, text),
    )


def left_out(failure: Failure, message: str, label: str, text: str, *, title: str | None = None) -> Finding:
    """Behind the last word that was read."""
    end = failure.tokens[-1].end_pos or 0
    here = Span(end, end)
    return Finding(
        code="E127",
        message=message,
        where=here,
        label=label,
        fixes=(replaced(here, f" {text}", title=title or say('add "{text}" here', text=text)),),
        repair=Edit(here, f" {text}"),
        faithful=False,
    )
