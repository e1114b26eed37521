"""The words that the formatter writes: for each terminal one form, chosen by ear where Russian inflects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar

from dsl import syntax
from dsl.keywords import CHANNELS, ENGLISH, MONTHS, PERIODS, RUSSIAN, WEEKDAYS

Language: TypeAlias = Literal["en", "ru"]
Case: TypeAlias = Literal["accusative", "genitive"]

_Meaning = TypeVar("_Meaning")

#: Unit to what stands after the number: for 1 and for more.
_ENGLISH_UNITS: dict[str, tuple[str, str]] = {
    "second": ("s", "s"),
    "minute": (" min", " min"),
    "hour": ("h", "h"),
    "day": (" day", " days"),
    "week": (" week", " weeks"),
    "month": (" month", " months"),
    "year": (" year", " years"),
}

#: Unit to its words: accusative after 1, 2, 5 (`через 1 минуту`), genitive after 1 (`в течение 1 минуты`).
_RUSSIAN_UNITS: dict[str, tuple[str, str, str, str]] = {
    "second": ("секунду", "секунды", "секунд", "секунды"),
    "minute": ("минуту", "минуты", "минут", "минуты"),
    "hour": ("час", "часа", "часов", "часа"),
    "day": ("день", "дня", "дней", "дня"),
    "week": ("неделю", "недели", "недель", "недели"),
    "month": ("месяц", "месяца", "месяцев", "месяца"),
    "year": ("год", "года", "лет", "года"),
}

#: Characters to look at for a keyword; the longest form is half as long.
_LONGEST = 40

_FEMININE_UNITS = frozenset({"second", "minute", "week"})

#: ISO numbers to the form after `до`: `ждать до пятницы`.
_UNTIL_WEEKDAY = {
    (1,): "понедельника",
    (2,): "вторника",
    (3,): "среды",
    (4,): "четверга",
    (5,): "пятницы",
    (6,): "субботы",
    (7,): "воскресенья",
    (1, 2, 3, 4, 5): "буднего дня",
}

_EVERY = {3: "каждую", 5: "каждую", 6: "каждую", 7: "каждое"}  # by the weekday after it


_RUSSIAN_CHANNELS = {"email": ("письма", "писем"), "push": ("пуша", "пушей")}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: Language
    text: str = ""  # the file that is formatted

    def __call__(self, terminal: str, *, ru: str | None = None) -> str:
        """The keyword. `ru` names another of its Russian forms, for places where the first one sounds wrong."""
        if self.language == "en":
            return ENGLISH[terminal][0]
        return ru or RUSSIAN[terminal][0]

    def before(self, terminal: str, end: int) -> str:
        """The keyword that ends before `end`. Russian gender and number stay as the author wrote them: nobody else
        knows that `email известен` and `tier известна`."""
        return self._kept(terminal, self.text[max(0, end - _LONGEST) : end], behind=False)

    def behind(self, terminal: str, start: int) -> str:
        """The keyword that begins after `start`, see `before`."""
        return self._kept(terminal, self.text[start : start + _LONGEST], behind=True)

    def _kept(self, terminal: str, written: str, *, behind: bool) -> str:
        if not self.is_russian:
            return ENGLISH[terminal][0]
        near = " ".join(written.lower().split())
        fits = near.startswith if behind else near.endswith
        found = [form for form in RUSSIAN[terminal] if fits(form)]
        return max(found, key=len, default=RUSSIAN[terminal][0])

    @property
    def is_russian(self) -> bool:
        return self.language == "ru"

    def duration(self, duration: syntax.Duration, case: Case = "accusative") -> str:
        amount, unit = duration.amount, duration.unit
        if not self.is_russian:
            return f"{amount}{_ENGLISH_UNITS[unit][amount != 1]}"
        one, few, many, one_genitive = _RUSSIAN_UNITS[unit]
        if case == "genitive":
            return f"{amount} {(one_genitive, many, many)[plural(amount)]}"
        return f"{amount} {(one, few, many)[plural(amount)]}"

    def last(self, duration: syntax.Duration) -> str:
        """`in last 7 days`."""
        one = "за последнюю" if duration.unit in _FEMININE_UNITS else "за последний"
        form = None if plural(duration.amount) else one
        return f"{self('IN_LAST', ru=form)} {self.duration(duration)}"

    def period(self, duration: syntax.Duration) -> str | None:
        """`day` for 1 day; None when it takes a number."""
        if duration.amount != 1 or duration.unit not in PERIODS.values():
            return None
        return _word(PERIODS, "periods", self.language)[duration.unit]

    def channel(self, channel: str) -> str:
        return _word(CHANNELS, "channels", self.language)[channel]

    def channel_of(self, limit: int, channel: str) -> str:
        """`не больше 1 письма`, `не больше 2 писем`."""
        forms = _RUSSIAN_CHANNELS.get(channel) if self.is_russian else None
        return forms[plural(limit) > 0] if forms else self.channel(channel)

    def month(self, month: int) -> str:
        return _word(MONTHS, "months", self.language)[month]

    def weekdays(self, days: tuple[int, ...]) -> str:
        """`day` for all seven, `weekday` for Monday to Friday."""
        words = _word(WEEKDAYS, "weekdays", self.language)
        return words[days] if days in words else ", ".join(words[(day,)] for day in days)

    def until_weekday(self, days: tuple[int, ...]) -> str:
        return (self.is_russian and _UNTIL_WEEKDAY.get(days)) or self.weekdays(days)

    def every(self, schedule: syntax.Weekdays | syntax.Monthly | syntax.Yearly) -> str:
        if not isinstance(schedule, syntax.Weekdays):
            return self("EVERY")
        if schedule.every_weeks > 1:
            return self("EVERY", ru="каждые")
        has_word = schedule.days in WEEKDAYS.values() and len(schedule.days) > 1
        return self("EVERY", ru=None if has_word else _EVERY.get(schedule.days[0]))

    def times(self, count: int) -> str:
        return self("TIMES", ru="раза" if plural(count) == 1 else "раз")

    def points(self, count: int) -> str:
        if not self.is_russian:
            return ENGLISH["POINTS"][count == 1]
        return ("балл", "балла", "баллов")[plural(count)]

    def messages(self, count: int) -> str:
        """After `at most`."""
        if not self.is_russian:
            return ENGLISH["MESSAGES"][count == 1]
        return "сообщений" if plural(count) else "сообщения"

    def customers(self, count: int) -> str:
        """After `only first`."""
        if not self.is_russian:
            return ENGLISH["CUSTOMERS"][count == 1]
        return ("клиент", "клиента", "клиентов")[plural(count)]

    def first(self, count: int) -> str:
        """`только первые 2 клиента`, `только первый 1 клиент`."""
        return self("ONLY_FIRST", ru="только первый" if count == 1 else None)

    def joins(self, word: str, after: str) -> bool:
        """Whether the two on one line begin a longer keyword, such as `is not` and `in last`."""
        return f"{after} {word.partition('.')[0]}".lower() in _beginnings()


def plural(count: int) -> int:
    """0 for 1, 21 …; 1 for 2-4, 22-24 …; 2 for the rest."""
    if 10 < count % 100 < 20:
        return 2
    return 0 if count % 10 == 1 else 1 if 2 <= count % 10 <= 4 else 2


@cache
def _beginnings() -> frozenset[str]:
    """All that forms of two words and more begin with, themselves included."""
    forms = [form.split() for table in (ENGLISH, RUSSIAN) for words in table.values() for form in words]
    return frozenset(" ".join(form[:length]) for form in forms for length in range(2, len(form) + 1))


_found: dict[tuple[str, Language], Any] = {}


def _word(table: Mapping[str, _Meaning], name: str, language: Language) -> dict[_Meaning, str]:
    """Meaning to the first word of the language: the tables hold English and Russian words side by side."""
    found: dict[_Meaning, str] | None = _found.get((name, language))
    if found is None:
        found = {}
        for word, meaning in table.items():
            if word.isascii() == (language == "en"):
                found.setdefault(meaning, word)
        _found[name, language] = found
    return found
