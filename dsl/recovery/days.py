"""Days as people speak of them: in words, without their year, tomorrow, next week."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.diagnostics import Edit
from dsl.fixes import with_edits
from dsl.keywords import MONTHS, WEEKDAYS
from dsl.messages import say
from dsl.recovery.failure import Failure, behind_blanks
from dsl.recovery.finding import Finding, replaced, rewritten, speaks_russian
from dsl.recovery.order import next_part
from dsl.recovery.quantities import iso_date
from dsl.source import Span
from dsl.words import STEPS, shown

DAY_AND_MONTH = re.compile(
    r"(?:the[ \t]+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?[ \t\u00a0]+(?:of[ \t]+)?(?P<month>[^\W\d]+)"
)
MONTH_AND_DAY = re.compile(
    r"(?P<month>[^\W\d]+)\.?[ \t\u00a0]+(?:the[ \t]+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d:.])"
)
_DAY_POINT_MONTH = re.compile(r"(?P<day>\d{1,2})\.(?P<number>\d{2})\.?(?![\w.])")
_YEAR = re.compile(r"\.?,?[ \t\u00a0]+(?P<year>\d{4})\b(?!-)")
_SOME_YEAR = re.compile(r"\b(\d{4})-\d{2}-\d{2}\b")
#: After these a date may have been taken for a name or a number.
_BEFORE_DATE = ("UNTIL", "IS", "IS_NOT", "MORETHAN", "LESSTHAN", "BETWEEN")
_OTHER_DAY = re.compile(
    r"(?:today|tonight|tomorrow|next[ \t]+[^\W\d]+|сегодня|завтра|следующ\w+[ \t]+[^\W\d]+)(?!\w)", re.IGNORECASE
)
_WEEKDAY = "|".join(sorted((day for day in WEEKDAYS if day not in ("day", "день")), key=len, reverse=True))
_DAY_AFTER = re.compile(
    r"(?:on[ \t]+|на[ \t]+|во?[ \t]+)?(?:(?:the[ \t]+)?(?:(?:next|following)[ \t]+day|day[ \t]+after)|tomorrow"
    rf"|(?P<weekday>{_WEEKDAY})|следующий[ \t]+день|завтра)(?!\w)"
    r"(?:(?:[ \t]+(?:at|в))?[ \t]+(?P<time>\d{1,2}:\d{2})\b)?",
    re.IGNORECASE,
)
#: What people wait until, to what may be meant: until a day and an hour, or for a time.
_UNTIL: dict[str, tuple[str, ...]] = {
    "next week": ("until monday 10:00", "1 week"),
    "next month": ("1 month",),
    "next year": ("1 year",),
    "morning": ("until 9:00",),
    "evening": ("until 19:00",),
    "weekend": ("until saturday 10:00",),
    "следующей недели": ("до понедельника 10:00", "1 неделю"),
    "следующего месяца": ("1 месяц",),
    "следующего года": ("1 год",),
    "утра": ("до 9:00",),
    "вечера": ("до 19:00",),
    "выходных": ("до субботы 10:00",),
}
_UNTIL_WHAT = re.compile(rf"(?:(?:the|this)[ \t]+)?(?P<what>{'|'.join(_UNTIL)})(?!\w)", re.IGNORECASE)


def month_name(word: str) -> str | None:
    """`december` for `dec` and `december`, `декабря` for `дек`."""
    return next((name for name in MONTHS if len(word) > 2 and name.startswith(word.lower())), None)


def date_in_words(failure: Failure) -> Finding | None:
    """`1 December 2026`, `Dec 1, 2026`, `1 декабря 2026`; and `1 December`, of no year."""
    for start in _starts(failure):
        match = _day_at(failure, start)
        if match is None:
            continue
        month, day = _month(match), int(match["day"])
        year = _YEAR.match(failure.text, match.end())
        date = iso_date(int(year["year"]), month, day) if year else None
        end = year.end() if year else match.end()
        if date is not None and end > failure.position:
            return rewritten("E120", say("dates are written year-month-day"), Span(start, end), date)
        if year is None and end > failure.position and iso_date(2000, month, day):
            return _of_no_year(failure, Span(start, end), month, day)
    return None


def _starts(failure: Failure) -> Iterator[int]:
    """Where a date may begin: here, or at the last token when that could be read as something else."""
    if failure.at_end:
        return
    if "DATE" in failure.expected or not failure.tokens:
        yield failure.position
    if failure.type_before() in ("NAME", "INT") and failure.type_before(2) in _BEFORE_DATE:
        yield failure.tokens[-1].start_pos or 0


def _day_at(failure: Failure, start: int) -> re.Match[str] | None:
    patterns = [DAY_AND_MONTH, MONTH_AND_DAY]
    if "TIME" not in failure.expected:  # `until 8.30` is an hour
        patterns.append(_DAY_POINT_MONTH)
    matches = (pattern.match(failure.text, start) for pattern in patterns)
    return next((match for match in matches if match and _month(match)), None)


def _month(match: re.Match[str]) -> int:
    named = match.groupdict()
    if "number" in named:
        return int(named["number"])
    return MONTHS.get(month_name(match["month"]) or "", 0)


def _of_no_year(failure: Failure, span: Span, month: int, day: int) -> Finding:
    years = _SOME_YEAR.findall(failure.text)
    dates = [date for year in years[-1:] if (date := iso_date(int(year), month, day))]
    fixes = [replaced(span, date, title=date) for date in dates]
    repair = Edit(span, f"2000-{month:02}-{day:02}")
    if failure.type_before() == "ON_DATE" or not failure.tokens:
        whole = Span(failure.tokens[-1].start_pos or 0 if failure.tokens else span.start, span.end)
        meant = f"{day} {_genitive(month, russian=speaks_russian(failure))}"
        meant = f"каждый год {meant}" if speaks_russian(failure) else f"every year on {meant}"
        fixes, repair = [replaced(whole, meant, title=meant)], Edit(whole, meant)
    return Finding(
        code="E120",
        message=say("the year of this day is missing"),
        where=span,
        label=say("dates are written year-month-day"),
        fixes=tuple(fixes),
        repair=repair,
        faithful=False,
    )


def _genitive(month: int, *, russian: bool) -> str:
    return next(name for name, number in MONTHS.items() if number == month and name.isascii() is not russian)


def day_that_moves(failure: Failure) -> Finding | None:
    """`tomorrow at 10:00 for everyone`, `active from next week`."""
    match = None if failure.at_end else _OTHER_DAY.match(failure.text, failure.position)
    is_item = not failure.tokens and failure.start == "file"
    if match is None or not (is_item or failure.expected == {"DATE"}):
        return None
    return Finding(
        code="E120",
        message=say("write the date of this day"),
        where=Span(*match.span()),
        label=say('"{day}" is another day each time it is read', day=match[0]),
        repair=Edit(Span(*match.span()), f"{shown('ON_DATE')} 2000-01-01" if is_item else "2000-01-01"),
        faithful=False,
    )


def day_behind_event(failure: Failure) -> Finding | None:
    """`when order_placed the next day at 10:00 send …`, `when order_placed on monday send …`."""
    has_on = failure.type_before() == "ON_DATE"
    if failure.at_end or failure.start != "file" or failure.type_before(1 + has_on) != "NAME":
        return None
    start = failure.tokens[-1].start_pos or 0 if has_on else failure.position
    match = _DAY_AFTER.match(failure.text, start)
    has_steps = any(token.type in STEPS for token in failure.tokens)
    if match is None or has_steps or next_part(failure, match.end()) != behind_blanks(failure.text, match.end()):
        return None
    russian = speaks_russian(failure)
    wait, until, tomorrow = (shown(each, russian=russian) for each in ("WAIT", "UNTIL", "TOMORROW"))
    text = f"{wait} {until} {match['weekday'] or tomorrow} {match['time'] or '10:00'}"
    span = Span(*match.span())
    changed = with_edits(failure.text, [Edit(span, text)])
    return Finding(
        code="E135",
        message=say('a pause between steps is a step of its own: "{wait}"', wait=wait),
        where=span,
        fixes=(replaced(span, text, title=text),) if failure.reaches(changed) > start + len(text) + 1 else (),
        repair=Edit(Span(start, behind_blanks(failure.text, span.end)), ""),
        faithful=False,
    )


def until_next_week(failure: Failure) -> Finding | None:
    """`wait until next week`, `wait until the morning`, of which the first word was taken for a name."""
    tokens = failure.tokens[-3:]
    if [token.type for token in tokens] != ["WAIT", "UNTIL", "NAME"]:
        return None
    match = _UNTIL_WHAT.match(failure.text, tokens[2].start_pos or 0)
    if match is None or match.end() <= failure.position:
        return None
    span = Span(tokens[1].start_pos or 0, match.end())
    ways = _UNTIL[" ".join(match["what"].lower().split())]
    return Finding(
        code="E127",
        message=say("the hour is missing"),
        where=span,
        label=say("until which hour, or for how long?"),
        fixes=tuple(replaced(span, way, title=way) for way in ways),
        repair=Edit(span, ways[0]),
        faithful=False,
    )
