"""How many parts an sms is sent, and paid for, in: GSM 03.38 when its alphabet is enough, else UCS-2 (3GPP TS 23.038,
23.040). A character that takes two places never stands at the border of two parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Each takes two places: an escape stands before it.
_EXTENDED = frozenset("^{}\\[~]|€\f")

#: Places of a message that is alone, and of each part of a longer one, which needs a header of its own.
_GSM, _UCS = (160, 153), (70, 67)


@dataclass(frozen=True, slots=True)
class Parts:
    count: int
    places: int  # 7 bits each, or 16
    alphabet: Literal["GSM-7", "UCS-2"]
    culprit: str | None = None  # the first character that GSM-7 does not have


def parts_of(text: str) -> Parts:
    culprit = next((each for each in text if each not in _BASIC and each not in _EXTENDED), None)
    if culprit is None:
        sizes = [2 if each in _EXTENDED else 1 for each in text]
        return Parts(_count(sizes, *_GSM), sum(sizes), "GSM-7")
    sizes = [2 if ord(each) > 0xFFFF else 1 for each in text]
    return Parts(_count(sizes, *_UCS), sum(sizes), "UCS-2", culprit)


def _count(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return count
