"""What to write instead of a value that a test cannot give."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.diagnostics import Fix
from dsl.kinds import Kind
from dsl.problems import replacement
from dsl.scope import Scope, Typed
from dsl.suggestions import nearest

#: Literals of a kind, as they stand without quotes.
_LITERALS = {
    "number": r"-?\d+(?:\.\d+)?",
    "money": r"\d+(?:\.\d+)? ?[A-Z]{3}",
    "date": r"\d{4}-\d{2}-\d{2}",
    "flag": r"yes|no|да|нет",
}


def fixes_for(value: Typed, kind: Kind, scope: Scope) -> list[Fix]:
    if kind.is_list or value.kind.is_list:
        return []
    return [replacement(value.span, text) for text in _fitting(value, kind, scope)]


def _fitting(value: Typed, kind: Kind, scope: Scope) -> Iterator[str]:
    written = scope.source.slice(value.span)
    given = value.kind.name
    if given == "text":
        text = written[1:-1]
        if kind.values:
            yield from (f'"{near}"' for near in nearest(text, kind.values)[:2])
        elif re.fullmatch(_LITERALS.get(kind.name, r"(?!)"), text):
            yield text
    elif kind.name == "money" and given == "number" and scope.catalog.currency:
        yield f"{written} {scope.catalog.currency}"
    elif kind.name == "number" and given == "percent":
        yield written.rstrip("% ")
    elif kind.name == "text" and not kind.values and given in ("number", "date", "money"):
        yield f'"{written}"'
