"""`# kogda: allow W501 until 2027-03-01 "why"`: a warning that somebody looked at, and until when that holds.

It stands at the end of the line it is about, or alone on the line above. In a template, in a comment of the template,
it is about the whole file. Without a day and a reason it is a mistake; so it is after its day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dsl.codes import CODES
from dsl.diagnostics import Diagnostic, Label, Severity
from dsl.messages import say
from dsl.problems import Problems, in_order, listed
from dsl.source import Source, Span

SIGN = "kogda: allow"

_QUOTED_OR_COMMENT = re.compile(r'"[^"\n]*"|«[^»\n]*»|“[^”\n]*”|„[^“\n]*“|#(?P<comment>[^\n]*)')
_COMMENT_OF_TEMPLATE = re.compile(r"(?:\{#|<!--)(?P<comment>.*?)(?:#\}|-->|\Z)", re.DOTALL)
_ALLOW = re.compile(r"\s*kogda:\s*allow\b(?P<rest>.*)", re.DOTALL)
_REST = re.compile(
    r"\s*(?P<codes>[A-Z]\d{3}(?:\s*,\s*[A-Z]\d{3})*)"
    r"(?:\s+until\s+(?P<day>\S+))?(?:\s+[\"«“](?P<why>[^\"»”]*)[\"»”])?\s*"
)


@dataclass(frozen=True, slots=True)
class Allowance:
    source: Source
    span: Span  # of the comment
    codes: tuple[str, ...]
    until: date
    lines: range  # that it is about


def allow(
    found: Sequence[Diagnostic], sources: Iterable[Source], today: date, *, unasked: Iterable[str] = ()
) -> list[Diagnostic]:
    """`found` without what is allowed, and with what is wrong with the allowances. `unasked` codes were not looked
    for, so nobody knows whether they would be found."""
    mistakes: list[Diagnostic] = []
    allowances = [each for source in sources for each in _read(source, mistakes)]
    for each in allowances:
        if each.until < today:
            _report_expired(each, today, mistakes)
    valid = [each for each in allowances if each.until >= today]
    used: set[tuple[int, str]] = set()
    kept = [each for each in found if not _is_allowed(each, valid, used)]
    complete = not any(each.severity is Severity.ERROR for each in found)
    for number, each in enumerate(valid if complete else ()):
        idle = [code for code in each.codes if (number, code) not in used and code not in unasked]
        if idle:
            _report_idle(each, idle, mistakes)
    return in_order([*kept, *mistakes])


def _is_allowed(finding: Diagnostic, allowances: Sequence[Allowance], used: set[tuple[int, str]]) -> bool:
    if finding.severity is not Severity.WARNING:
        return False
    for number, each in enumerate(allowances):
        if finding.code in each.codes and finding.source.path == each.source.path:
            line = finding.source.place(finding.span.start).line
            if line in each.lines:
                used.add((number, finding.code))
                return True
    return False


def _read(source: Source, mistakes: list[Diagnostic]) -> Iterator[Allowance]:
    if SIGN not in source.text:
        return
    of_template = source.path.startswith("templates/")
    for match in (_COMMENT_OF_TEMPLATE if of_template else _QUOTED_OR_COMMENT).finditer(source.text):
        allowing = _ALLOW.fullmatch(match["comment"] or "")
        if allowing:
            lines = range(1, 1 << 30) if of_template else _lines(source, match.start())
            allowance = _understood(source, Span(*match.span()), allowing["rest"], lines, mistakes=mistakes)
            if allowance:
                yield allowance


def _lines(source: Source, start: int) -> range:
    """Its own line; below a comment that stands alone, the next line that says something."""
    line = source.place(start).line
    if source.line_text(line).split("#")[0].strip():
        return range(line, line + 1)
    last = source.place(len(source.text)).line
    below = next(
        (
            each
            for each in range(line + 1, last + 1)
            if source.line_text(each).strip(" \t#") and not _is_comment(source, each)
        ),
        line,
    )
    return range(below, below + 1)


def _is_comment(source: Source, line: int) -> bool:
    return source.line_text(line).lstrip().startswith("#")


def _understood(source: Source, span: Span, rest: str, lines: range, *, mistakes: list[Diagnostic]) -> Allowance | None:
    match = _REST.fullmatch(rest)
    until = _date(match["day"]) if match and match["day"] else None
    if match is None or until is None or not (match["why"] or "").strip():
        _report_unreadable(source, span, match, mistakes)
        return None
    codes = tuple(code.strip() for code in match["codes"].split(","))
    wrong = [code for code in codes if code not in CODES or CODES[code].severity is Severity.ERROR]
    if wrong:
        known = wrong[0] in CODES
        Problems(source, mistakes).error(
            "E703",
            say("{code} cannot be allowed", code=wrong[0]),
            Label(
                span,
                say("a mistake stays one: only warnings (W…) can be allowed")
                if known
                else say("there is no such code"),
            ),
        )
        return None
    return Allowance(source, span, codes, until, lines)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _report_unreadable(source: Source, span: Span, match: re.Match[str] | None, mistakes: list[Diagnostic]) -> None:
    if match is None:
        why = say("I cannot read this")
    elif not match["day"]:
        why = say("until when?")
    elif _date(match["day"]) is None:
        why = say("{day} is no date", day=match["day"])
    else:
        why = say("why?")
    Problems(source, mistakes).error(
        "E702",
        say("an allowance needs a day and a reason"),
        Label(span, why),
        notes=[say('write: # kogda: allow W501 until 2027-03-01 "they asked for it"')],
    )


def _report_expired(allowance: Allowance, today: date, mistakes: list[Diagnostic]) -> None:
    Problems(allowance.source, mistakes).error(
        "E701",
        say("this allowance has expired"),
        Label(allowance.span, say("it held until {day}", day=allowance.until.isoformat())),
        notes=[
            say(
                "mend what it allowed ({codes}), or look at it again and give it a new day",
                codes=listed(allowance.codes),
            )
        ],
    )


def _report_idle(allowance: Allowance, codes: Sequence[str], mistakes: list[Diagnostic]) -> None:
    Problems(allowance.source, mistakes).warn(
        "W701",
        say("this allows nothing"),
        Label(allowance.span, say("there is no {codes} here", codes=listed(codes))),
        notes=[say("take it out: it would hide the next one")],
    )
