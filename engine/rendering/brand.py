"""What every mail may say of its sender: name, site, postal address, and one colour that can be read on and in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

ACCENT = "#1f6f5c"
_WHITE, _INK = "#ffffff", "#16181d"
_NIGHT = "#1d1f24"  # what mails in the dark are written on
_READABLE = 4.5  # contrast that WCAG 2 asks of text


def brand_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`workspace` in templates, from kogda.yaml."""
    mail = settings.get("mail") or {}
    accent = str(mail.get("accent") or ACCENT).lower()
    night = readable_on(_NIGHT, accent)
    return {
        "name": settings.get("name") or "Kogda",
        "site": mail.get("site"),
        "address": mail.get("address"),
        "logo": mail.get("logo"),
        "accent": accent,
        "on_accent": _better_on(accent),
        "accent_text": readable_on(_WHITE, accent),
        "accent_dark": night,
        "on_accent_dark": _better_on(night),
    }


@lru_cache(256)  # a server knows few colours and asks about them with every mail
def readable_on(ground: str, colour: str) -> str:
    """The colour, mixed with white or ink until it can be read on `ground`."""
    target = _WHITE if _light(ground) < 0.2 else _INK
    for share in range(0, 101, 5):
        mixed = _mixed(colour, target, share / 100)
        if contrast(ground, mixed) >= _READABLE:
            return mixed
    return target


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(256)
def _better_on(ground: str) -> str:
    return (
        _WHITE if contrast(ground, _WHITE) >= _READABLE or contrast(ground, _WHITE) > contrast(ground, _INK) else _INK
    )


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _light(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(colour: str, target: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(target), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)
