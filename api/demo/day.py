"""A day in the shop: who does what at which hour, and which mail that must lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from api.demo.shop import COFFEES, Coffee, Shopper
from dsl.messages import say

BEGINS, OPENS, ENDS = 7.5, 8.0, 23.0  # hours of the shop's day; at the first it tells us whom it knows
_PEAKS = ((8.0, 10.0), (12.0, 14.0), (18.0, 22.0))
_MINUTE = 1 / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that one shopper does, as their browser or the shop's server reports it."""

    at: float  # hours of the shop's day
    shopper: Shopper
    kind: Literal["identify", "track"]
    name: str = ""  # of a track: as Segment's specification writes it
    properties: dict[str, Any] = field(default_factory=dict)
    is_anonymous: bool = False  # before we know who it is
    why: str = ""  # for the screen; empty: too small to mention


@dataclass(slots=True)
class Day:
    happenings: list[Happening] = field(default_factory=list)
    expected: set[tuple[str, str]] = field(default_factory=set)  # address, template: mails that must come of it
    orders: int = 0


def plan_day(shoppers: Iterable[Shopper]) -> Day:
    """Everything that will happen, earliest first."""
    day = Day()
    for shopper in shoppers:
        _Visit(day, shopper).play()
    day.happenings.sort(key=lambda happening: (happening.at, happening.shopper.id))
    return day


class _Visit:
    """One shopper's day."""

    def __init__(self, day: Day, shopper: Shopper) -> None:
        self._day = day
        self._shopper = shopper
        self._chance = shopper.chance
        self._arrives = self._hour()

    def play(self) -> None:
        stories = FIRST_VISITS if self._shopper.is_new else STORIES
        story = self._chance.weighted("story", stories)
        if self._shopper.is_new:
            self._register(buys=story is _Visit.buy)
        else:
            self._add(BEGINS, "identify")
        story(self)

    def _hour(self) -> float:
        low, high = self._chance.choice("peak", _PEAKS)
        return self._chance.between("hour", low, high)

    def _register(self, *, buys: bool) -> None:
        at = self._arrives
        if self._chance.happens("looks around first", 0.5):
            self._view(at - 6 * _MINUTE, self._coffee("first look"), is_anonymous=True)
        self._add(at, "identify", why=say("signs up"))
        source = self._chance.weighted("source", [("newsletter", 5), ("checkout", 3), ("friend", 2)])
        self._add(at + _MINUTE, "track", "Registered", {"source": source})
        if not buys:  # an order stops the welcome, and here it comes half a second later
            self._expect("welcome", needs_consent=True)

    def _coffee(self, what: str) -> Coffee:
        return self._chance.choice(what, COFFEES)

    # Stories: methods in the table below, each called once.

    def look(self) -> None:
        views = 1 + int(self._chance.number("views") * 3)
        for number in range(views):
            coffee = self._coffee(f"view {number}")
            is_last = number == views - 1
            why = say("looks, and leaves") if is_last else ""
            self._view(self._arrives + (3 + 4 * number) * _MINUTE, coffee, why=why)
        self._expect("looked", needs_consent=True)

    def forget(self) -> None:
        _, total, _ = self._fill_cart(self._arrives + 5 * _MINUTE)
        if total >= 15:  # let small_cart, in rules/common.rules
            self._expect("cart", needs_consent=True)

    def empty(self) -> None:
        _, _, at = self._fill_cart(self._arrives + 5 * _MINUTE)
        why = say("empties the cart again")
        self._add(at + 12 * _MINUTE, "track", "Cart Emptied", {"cart_id": self._cart}, why=why)

    def buy(self) -> None:
        items, total, at = self._fill_cart(self._arrives + 5 * _MINUTE)
        self._place_order(at + 15 * _MINUTE, items, total)

    def receive(self) -> None:
        """An order of last week arrives today."""
        order = {"order_id": f"T-{900 + self._number}"}
        at = OPENS + 0.5 + self._chance.number("post") * 2
        shipped = {**order, "carrier": "DHL", "tracking_url": f"https://track.example/{order['order_id']}"}
        why = say("order {order} leaves the roastery", order=order["order_id"])
        self._add(at, "track", "Order Shipped", shipped, why=why)
        self._expect("order_shipped", needs_consent=False)
        coffee = self._coffee("ordered").named(self._shopper.locale)
        self._add(at + 7, "track", "Order Delivered", {**order, "first_item": coffee}, why=say("gets the parcel"))

    def complain(self) -> None:
        review = {"order_id": f"T-{700 + self._number}", "rating": 1 + int(self._chance.number("rating") * 2)}
        why = say("gives {rating} of 5", rating=review["rating"])
        self._add(self._arrives, "track", "Review Left", review, why=why)
        self._expect("sorry", needs_consent=False)

    def card_declined(self) -> None:
        card = str(1000 + int(self._chance.number("card") * 9000))
        plan: dict[str, Any] = {"subscription_id": f"S-{self._number}", "total": 19.0, "currency": "EUR"}
        self._add(self._arrives, "track", "Payment Failed", {**plan, "card": card}, why=say("the bank declines a card"))
        if self._chance.happens("mends it", 0.5):  # which ends the rule, perhaps before it has said a word
            self._add(self._arrives + 0.6, "track", "Payment Succeeded", plan, why=say("has mended the card"))
        else:
            self._expect("payment_failed", needs_consent=False)

    # What the stories are made of.

    @property
    def _number(self) -> int:
        return int(self._shopper.id.rpartition("-")[2])

    @property
    def _cart(self) -> str:
        return f"c-{self._number}"

    def _view(self, at: float, coffee: Coffee, *, is_anonymous: bool = False, why: str = "") -> None:
        locale = self._shopper.locale
        properties = {
            "product_id": coffee.id,
            "name": coffee.named(locale),
            "notes": coffee.tasted(locale),
            "price": coffee.price,
            "currency": "EUR",
        }
        self._add(at, "track", "Product Viewed", properties, is_anonymous=is_anonymous, why=why)

    def _fill_cart(self, at: float) -> tuple[list[dict[str, Any]], float, float]:
        """What is in the cart, what it comes to, and when it was last changed."""
        items: list[dict[str, Any]] = []
        total, bags = 0.0, 1 + int(self._chance.number("bags") * 3)
        for number in range(bags):
            at += 4 * _MINUTE
            coffee = self._coffee(f"bag {number}")
            items = [*items, {"name": coffee.named(self._shopper.locale), "quantity": 1, "price": coffee.price}]
            total = round(sum(item["price"] for item in items), 2)
            properties = {"cart_id": self._cart, "total": total, "currency": "EUR", "items": items}
            why = say("has €{total} in the cart", total=f"{total:.2f}") if number == bags - 1 else ""
            self._add(at, "track", "Cart Updated", properties, why=why)
        return items, total, at

    def _place_order(self, at: float, items: list[dict[str, Any]], total: float) -> None:
        self._day.orders += 1
        order = {"order_id": f"T-{1000 + self._number}", "cart_id": self._cart}
        number = 1 if self._shopper.is_new else 1 + int(self._chance.number("orders") * 4)
        properties = {**order, "number": number, "total": total, "currency": "EUR", "items": items}
        self._add(at, "track", "Order Placed", properties, why=say("orders for €{total}", total=f"{total:.2f}"))
        self._expect("order_placed", needs_consent=False)

    def _add(
        self,
        at: float,
        kind: Literal["identify", "track"],
        name: str = "",
        properties: dict[str, Any] | None = None,
        *,
        is_anonymous: bool = False,
        why: str = "",
    ) -> None:
        happening = Happening(
            at=at,
            shopper=self._shopper,
            kind=kind,
            name=name,
            properties=properties or {},
            is_anonymous=is_anonymous,
            why=why,
        )
        self._day.happenings.append(happening)

    def _expect(self, template: str, *, needs_consent: bool) -> None:
        if self._shopper.email and not (needs_consent and self._shopper.consents is False):
            self._day.expected.add((self._shopper.email, template))


#: What shoppers do on the day they sign up, and how often.
FIRST_VISITS: tuple[tuple[Callable[[_Visit], None], float], ...] = (
    (_Visit.look, 40),
    (_Visit.forget, 30),
    (_Visit.buy, 25),
    (_Visit.empty, 5),
)

#: What those do whom the shop knows.
STORIES: tuple[tuple[Callable[[_Visit], None], float], ...] = (
    (_Visit.look, 26),
    (_Visit.forget, 24),
    (_Visit.buy, 24),
    (_Visit.receive, 12),
    (_Visit.empty, 5),
    (_Visit.complain, 4),
    (_Visit.card_declined, 5),
)
