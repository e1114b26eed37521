"""Latin and Russian letters that look alike, and the two layouts of one keyboard."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.messages import say

LOOK_ALIKE = dict(zip("аесорхуАВЕКМНОРСТУХ", "aecopxyABEKMHOPCTYX", strict=True))  # Russian to Latin
_LATIN_TO_RUSSIAN = {latin: russian for russian, latin in LOOK_ALIKE.items()}

_LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>"
_RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
_TO_RUSSIAN = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
_TO_LATIN = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)


def is_russian(char: str) -> bool:
    return "\u0400" <= char <= "\u04ff"


def is_latin(char: str) -> bool:
    return char.isascii() and char.isalpha()


def mixes_alphabets(word: str) -> bool:
    """Within one part between underscores: `cart_корзина` is a choice, `саrt` with a Russian `са` is an accident."""
    return any(any(map(is_russian, part)) and any(map(is_latin, part)) for part in word.split("_"))


def in_one_alphabet(word: str) -> str | None:
    """The word with look-alikes replaced so that each part is in one alphabet; None when no replacement does it."""
    if not mixes_alphabets(word):
        return word
    to_latin = "".join(LOOK_ALIKE.get(char, char) for char in word)
    to_russian = "".join(_LATIN_TO_RUSSIAN.get(char, char) for char in word)
    return next((candidate for candidate in (to_latin, to_russian) if not mixes_alphabets(candidate)), None)


def look_alike(word: str, names: Iterable[str]) -> str | None:
    """The name that looks the same on the screen, and is written with other letters."""
    seen = _as_seen(word)
    return next((name for name in names if name != word and _as_seen(name) == seen), None)


def _as_seen(word: str) -> str:
    return "".join(LOOK_ALIKE.get(char, char) for char in word)


def foreign_letters(word: str, meant: str) -> str:
    """What stands under a mixed word: which of its letters come from the other alphabet."""
    wrong = list(dict.fromkeys(char for char, right in zip(word, meant, strict=True) if char != right))
    letters = ", ".join(f"{char} U+{ord(char):04X}" for char in wrong)
    if len(wrong) > 1 and is_russian(wrong[0]):
        return say("these {count} letters are Russian ({letters})", count=len(wrong), letters=letters)
    if len(wrong) > 1:
        return say("these {count} letters are Latin ({letters})", count=len(wrong), letters=letters)
    if is_russian(wrong[0]):
        return say("this letter is Russian ({letters})", letters=letters)
    return say("this letter is Latin ({letters})", letters=letters)


def swapped_layout(word: str) -> str | None:
    """What the same keys give in the other layout: `ыутв` is `send`, `rjulf` is `когда`."""
    table = _TO_LATIN if any(map(is_russian, word)) else _TO_RUSSIAN
    swapped = word.translate(table)
    return swapped if swapped != word and not mixes_alphabets(swapped) else None
