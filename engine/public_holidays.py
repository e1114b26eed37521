"""Public holidays of a country or a part of it, as plain dates. The library that knows them is loaded at first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from babel.core import get_global

#: Holidays in a row, and then some.
_AHEAD = timedelta(days=21)


def known_places() -> dict[str, list[str]]:
    """Country codes with those of their parts: {"DE": ["BY", …]}."""
    import holidays

    return holidays.list_supported_countries()


def is_known(place: str) -> bool:
    """`DE`, or a part of it, `DE-BY`."""
    country, _, part = place.partition("-")
    parts = known_places().get(country)
    return parts is not None and (not part or part in parts)


def holidays_for(
    places: Sequence[str], *, country: object, timezone: str | None, at: datetime, locale: str | None = None
) -> Mapping[date, str]:
    """Around that time, named in that language where the library speaks it, else in English. Where a customer is, the
    attribute `country` says, else the time zone; the first place holds for those of whom neither is known."""
    place = _place_of(places, country, timezone)
    if place is None:
        return {}
    language = (locale or "en").replace("_", "-").partition("-")[0].lower()
    years = sorted({(at - _AHEAD).year, (at + _AHEAD).year})
    return {day: name for year in years for day, name in dates_of(place, year, language).items()}


@lru_cache(256)
def dates_of(place: str, year: int, language: str) -> Mapping[date, str]:
    import holidays

    country, _, part = place.partition("-")
    known = holidays.country_holidays(country, subdiv=part or None)
    spoken = [each for each in (known.default_language, *known.supported_languages) if each]
    named = next((each for wanted in (language, "en") for each in spoken if each.partition("_")[0] == wanted), None)
    found = holidays.country_holidays(
        country, subdiv=part or None, years=year, language=named or known.default_language
    )
    return MappingProxyType(dict(found.items()))


def _place_of(places: Sequence[str], country: object, timezone: str | None) -> str | None:
    if not places:
        return None
    found = country.upper() if isinstance(country, str) and len(country) == 2 else _country_of(timezone)
    if found is None:
        return places[0]
    return next((place for place in places if place.partition("-")[0] == found), None)


@lru_cache(1024)
def _country_of(timezone: str | None) -> str | None:
    territory = get_global("zone_territories").get(timezone) if timezone else None
    return territory if isinstance(territory, str) and territory in known_places() else None
