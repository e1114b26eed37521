"""Words of the language inside messages: in a translation `{ONLY_IF}` stands for the keyword, in the file's language.

A Russian message about an English rule speaks of `only if`, one about a Russian rule of `только если`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from dsl.keywords import CHANNELS, ENGLISH, MONTHS, RUSSIAN, UNITS, WEEKDAYS

Language = Literal["en", "ru"]

#: What stands in examples beside the keywords, in English and in Russian.
_OTHERS: Final[dict[str, tuple[str, str]]] = {
    "AN_EVENT": ("EVENT", "СОБЫТИЕ"),
    "A_SEGMENT": ("SEGMENT", "СЕГМЕНТ"),
    "A_TEMPLATE": ("TEMPLATE", "ШАБЛОН"),
    "EMAIL": ("email", "письмо"),
    "SMS": ("sms", "смс"),
    "PUSH": ("push", "пуш"),
    "MONDAY": ("monday", "понедельник"),
    "EACH_DAY": ("every day", "каждый день"),
    "EVERY_2_WEEKS": ("every 2 weeks", "каждые 2 недели"),
    "EACH_MONTH": ("every month", "каждый месяц"),
    "EACH_YEAR": ("every year", "каждый год"),
    "DECEMBER": ("december", "декабря"),
    "28_FEBRUARY": ("28 february", "28 февраля"),
    "1_MARCH": ("1 march", "1 марта"),
    "1_DAY": ("1 day", "1 день"),
    "2_DAYS": ("2 days", "2 дня"),
    "3_DAYS": ("3 days", "3 дня"),
    "7_DAYS": ("7 days", "7 дней"),
    "30_DAYS": ("30 days", "30 дней"),
}
_NOT_WORDS = re.compile(r'"[^"\n]*"|«[^»\n]*»|“[^”\n]*”|#[^\n]*')
_WORD = re.compile(r"[^\W\d_]+")


def example_word(name: str, language: Language) -> str | None:
    """The keyword or example of that name; None when it is something else."""
    keywords = RUSSIAN if language == "ru" else ENGLISH
    if name in keywords:
        return keywords[name][0]
    return _OTHERS[name][language == "ru"] if name in _OTHERS else None


@lru_cache(maxsize=64)
def written_in(text: str) -> Language | None:
    """The language of a rule file's keywords, by their number; None without any."""
    words = [word.lower() for word in _WORD.findall(_NOT_WORDS.sub(" ", text))]
    russian = sum(word in _single_words("ru") for word in words)
    english = sum(word in _single_words("en") for word in words)
    return None if russian == english == 0 else "ru" if russian > english else "en"


def language_of_fixes(text: str) -> Language:
    """In which a rule file's fixes are written: English where it has no keywords yet."""
    return written_in(text) or "en"


@lru_cache(maxsize=2)
def _single_words(language: Language) -> frozenset[str]:
    keywords = RUSSIAN if language == "ru" else ENGLISH
    others = [word for table in (CHANNELS, MONTHS, UNITS, WEEKDAYS) for word in table]
    own = [word for word in others if word.isascii() == (language == "en")]
    return frozenset(part for forms in (*keywords.values(), own) for form in forms for part in form.split())
