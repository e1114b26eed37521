"""An event that the schema does not have: was its title written, or its name in another way?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsl import syntax
from dsl.alphabets import is_russian, mixes_alphabets
from dsl.catalog import EventType
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.problems import listed
from dsl.scope import Scope
from dsl.source import Span
from dsl.suggestions import nearest, with_part

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def find_event(name: syntax.Name, scope: Scope) -> EventType | None:
    event = scope.catalog.events.get(name.text)
    if event is None:
        report_unknown_event(name.span, scope)
    return event


def find_events(names: Sequence[syntax.Name], scope: Scope) -> tuple[EventType, ...] | None:
    """All of them; None when one is unknown (every unknown one is reported)."""
    found = [find_event(name, scope) for name in names]
    known = tuple(event for event in found if event is not None)
    return known if len(known) == len(found) else None


def report_unknown_event(span: Span, scope: Scope) -> None:
    written = scope.problems.source.slice(span).strip("\"'«»“”„")
    events, own = scope.catalog.events, scope.catalog.own_events()
    by_title = {title: event.name for event in events.values() for title in event.title.values()}
    same_name = next((name for name in events if _letters(name) == _letters(written)), None)
    same_title = next((title for title in by_title if _letters(title) == _letters(written)), None)
    message = say('there is no event called "{written}"', written=written)
    if same_name:
        _report(message, Label(span, say("names are written as they stand in the schema")), same_name, scope)
    elif same_title:
        label = Label(span, say("this is the title of an event; rules have its name"))
        _report(message, label, by_title[same_title], scope)
    elif similar := [] if mixes_alphabets(written) or nearest(written, events) else nearest(written, by_title):
        _report(message, Label(span, say("not in the schema")), by_title[similar[0]], scope, meant=similar[0])
    else:
        titled = is_russian(written) and any(event.title for event in events.values())
        report_unknown(
            "E201",
            message,
            span,
            problems=scope.problems,
            candidates=known_events(written, scope),
            notes=[say("there are: {all}", all=listed(sorted(_with_title(event) for event in own.values())))]
            if titled
            else (),
        )


def known_events(written: str, scope: Scope) -> dict[str, EventType]:
    """To look for what was meant: Kogda's own events only when one of them is near."""
    events = scope.catalog.events
    return events if nearest(written, events) or with_part(written, events) else scope.catalog.own_events()


def _report(message: str, label: Label, name: str, scope: Scope, *, meant: str = "") -> None:
    fix = Fix(name, (Edit(label.span, name),), "unsafe" if meant else "safe")
    notes = (
        [say("did you mean {with_title}?", with_title=_with_title(scope.catalog.events[name], meant))] if meant else []
    )
    scope.problems.error("E201", message, label, notes=notes, fixes=[fix])


def _with_title(event: EventType, title: str = "") -> str:
    shown = title or event.title.get("ru") or next(iter(event.title.values()), "")
    return f"{event.name} ({shown})" if shown else event.name


def _letters(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name).casefold()
