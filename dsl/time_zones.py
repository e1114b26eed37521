"""Names of time zones, and those that people mean who write a city or an abbreviation."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dsl.suggestions import nearest

#: What no zone is called, and what everybody understands.
_OTHERWISE = {
    "Europe/Moscow": "msk мск москва московское_время moscow_time петербург санкт-петербург питер спб saint_petersburg",
    "Europe/Kaliningrad": "калининград",
    "Europe/Samara": "самара",
    "Asia/Yekaterinburg": "екатеринбург екб ekaterinburg",
    "Asia/Omsk": "омск",
    "Asia/Novosibirsk": "новосибирск",
    "Asia/Krasnoyarsk": "красноярск",
    "Asia/Irkutsk": "иркутск",
    "Asia/Vladivostok": "владивосток",
    "Europe/Minsk": "минск",
    "Asia/Almaty": "алматы алма-ата",
    "Asia/Tashkent": "ташкент",
    "Europe/Berlin": "cet cest mez mesz germany deutschland munich münchen hamburg берлин",
    "Europe/Madrid": "españa spain barcelona",
    "Europe/Paris": "france",
    "Europe/London": "gmt bst uk great_britain",
    "America/New_York": "est edt et eastern eastern_time",
    "America/Chicago": "ct cdt central_time",
    "America/Los_Angeles": "pst pdt pt pacific pacific_time",
    "UTC": "z utc+0",
}
_MEANT = {word: zone for zone, words in _OTHERWISE.items() for word in words.split()}


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone, such as Europe/Berlin."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return name == "UTC" or "/" in name


def zones_like(name: str) -> list[str]:
    """What may be meant, best first: `Moscow` is the last part of a name, `europe/mosow` nearly a whole one."""
    written = "_".join(name.lower().split())
    if _city(written) in _MEANT:
        return [_MEANT[_city(written)]]
    zones = sorted(zone for zone in available_timezones() if is_zone(zone) and not zone.startswith("Etc/"))
    same = [zone for zone in zones if zone.lower() == written]
    return same or [zone for zone in zones if _city(zone) == written] or _near(written, zones)


def _near(written: str, zones: list[str]) -> list[str]:
    """`Moskow`, `Asia/Ekaterinburg`. Short names are near to too many, and Munich is not Zurich."""
    by_city = {_city(zone): zone for zone in zones if _city(zone)[0] == _city(written)[:1] or "/" in written}
    if len(_city(written)) < 5:
        return []
    area, slash, _ = written.rpartition("/")
    found = [by_city[city] for city in nearest(_city(written), by_city)]
    return [zone for zone in found if not slash or zone.lower().startswith(area)]


def _city(zone: str) -> str:
    return zone.lower().rpartition("/")[2]
