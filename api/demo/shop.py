"""What the shop sells, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.demo.chance import Chance


@dataclass(frozen=True, slots=True)
class Coffee:
    id: str
    name: str
    name_ru: str
    notes: str
    notes_ru: str
    price: float  # EUR, 250 g

    def named(self, locale: str) -> str:
        return self.name_ru if locale == "ru" else self.name

    def tasted(self, locale: str) -> str:
        return self.notes_ru if locale == "ru" else self.notes


COFFEES: tuple[Coffee, ...] = (
    Coffee("huila", "Huila", "Уила", "milk chocolate, orange", "молочный шоколад, апельсин", 13.5),
    Coffee("kochere", "Kochere", "Кочере", "apricot, jasmine, honey", "абрикос, жасмин, мёд", 14.5),
    Coffee("nyeri", "Nyeri", "Ньери", "blackcurrant, brown sugar", "чёрная смородина, тростниковый сахар", 16.0),
    Coffee("cerrado", "Cerrado", "Серрадо", "almond, cocoa", "миндаль, какао", 12.0),
    Coffee("gesha", "Gesha Village", "Геша", "bergamot, peach", "бергамот, персик", 27.0),
    Coffee("night-train", "Night Train decaf", "«Ночной поезд»", "hazelnut, cocoa", "фундук, какао", 12.5),
    Coffee("sidamo", "Sidamo", "Сидамо", "blueberry, tea", "черника, чай", 14.0),
    Coffee("tarrazu", "Tarrazú", "Таррасу", "caramel, red apple", "карамель, красное яблоко", 13.0),
)

_PLACES_EN = (
    ("Berlin", "Europe/Berlin"), ("London", "Europe/London"), ("Lisbon", "Europe/Lisbon"),
    ("New York", "America/New_York"), ("Toronto", "America/Toronto"), ("Sydney", "Australia/Sydney"),
)  # fmt: skip
_PLACES_RU = (
    ("Москва", "Europe/Moscow"), ("Казань", "Europe/Moscow"), ("Екатеринбург", "Asia/Yekaterinburg"),
    ("Новосибирск", "Asia/Novosibirsk"), ("Алматы", "Asia/Almaty"), ("Тбилиси", "Asia/Tbilisi"),
)  # fmt: skip

#: A name as it is written, and as it stands in an address.
_NAMES_EN = (
    ("Anna", "anna"), ("Tom", "tom"), ("Maya", "maya"), ("Oliver", "oliver"), ("Chloe", "chloe"), ("Jonas", "jonas"),
    ("Priya", "priya"), ("Sam", "sam"), ("Lena", "lena"), ("Hugo", "hugo"), ("Nora", "nora"), ("Ben", "ben"),
)  # fmt: skip
_NAMES_RU = (
    ("Анна", "anna"), ("Мария", "maria"), ("Дмитрий", "dmitry"), ("Ольга", "olga"), ("Иван", "ivan"),
    ("Софья", "sofia"), ("Тимур", "timur"), ("Елена", "elena"), ("Алексей", "alexey"), ("Нино", "nino"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """A customer of the demo's shop; `chance` decides what they do."""

    id: str
    first_name: str
    email: str | None
    city: str
    timezone: str
    locale: str
    consents: bool | None  # None: never asked
    is_new: bool  # signs up during the day
    chance: Chance

    @property
    def traits(self) -> dict[str, Any]:
        """As `identify` sends them."""
        known = {"first_name": self.first_name, "city": self.city, "timezone": self.timezone, "locale": self.locale}
        if self.email:
            known["email"] = self.email
        consent = {} if self.consents is None else {"consent": {"email": self.consents}}
        return {**known, **consent}


def shoppers(count: int, *, seed: str = "teplo") -> Iterator[Shopper]:
    for number in range(1, count + 1):
        yield _shopper(number, Chance(f"{seed}:{number}"))


def _shopper(number: int, chance: Chance) -> Shopper:
    is_russian = chance.happens("locale", 0.4)
    names, places = (_NAMES_RU, _PLACES_RU) if is_russian else (_NAMES_EN, _PLACES_EN)
    first_name, latin = chance.choice("name", names)
    city, timezone = chance.choice("place", places)
    return Shopper(
        id=f"customer-{number}",
        first_name=first_name,
        email=None if chance.happens("no email", 0.04) else f"{latin}.{number}@example.com",
        city=city,
        timezone=timezone,
        locale="ru" if is_russian else "en",
        consents=chance.weighted("consent", [(True, 85), (None, 8), (False, 7)]),
        is_new=chance.happens("new", 0.25),
        chance=chance,
    )
