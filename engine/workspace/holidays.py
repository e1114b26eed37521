"""`holidays` under `quiet_hours` of kogda.yaml: whose public holidays are quiet."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.suggestions import nearest
from engine.public_holidays import is_known, known_places
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Mapping, Scalar, Tree

KEYS = ("hours", "holidays")


def hours_of(value: Tree, reader: Reader) -> Tree:
    """`22:00 to 9:00`, which may stand by itself or as `hours`."""
    if not isinstance(value, Mapping):
        return value
    found = {entry.key: entry.value for entry in reader.entries(value, KEYS, "quiet_hours")}
    return found.get("hours", value)


def read_holidays(quiet_hours: Tree | None, reader: Reader) -> tuple[str, ...]:
    """Country codes, with a part perhaps: `DE`, `[DE-BY, AT]`. The first holds for customers of unknown country."""
    entry = quiet_hours.entries.get("holidays") if isinstance(quiet_hours, Mapping) else None
    if entry is None:
        return ()
    return tuple(text for text, item in reader.texts(entry.value, _EXPECTED) if _is_place(text, item, reader))


def _is_place(text: str, item: Scalar, reader: Reader) -> bool:
    if is_known(text):
        return True
    country, _, part = text.partition("-")
    parts = known_places().get(country)
    known = sorted(known_places()) if parts is None else [f"{country}-{each}" for each in parts]
    near = [text.upper()] if is_known(text.upper()) else list(nearest(text, known))
    reader.problems.error(
        "E507",
        say('no public holidays are known of "{place}"', place=text),
        Label(item.span, _EXPECTED if not part or parts is None else say("parts of {country}", country=country)),
        notes=[say("there are: {all}", all=", ".join(known[:20]))] if part and parts else [],
        fixes=[replacement(item.span, near[0])] if near else [],
    )
    return False


_EXPECTED = say("a country, such as DE, or a part of it, such as DE-BY")
