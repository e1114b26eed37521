"""The shop of the simulated worlds, and what happens to it: all of it follows from the seed.

Events come at full hours and waits end at half past, so that faults, which cost minutes, never change what is to be
sent: only when. Where they could, because somebody refuses at the very moment of a message, only laws are checked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Literal, TypeAlias

import orjson

from dsl.plan import Length, Plan, QuietHours, WorkspaceCap
from engine.core.identity import anonymous_key, customer_id, event_id, known_key, partition_of
from engine.storage.events.events_in import IDENTIFY, MERGE, TRACK, NewEvent
from engine.storage.events.rejects import Reject
from engine.testing.virtual.compiled import compiled
from tests.semantics.conftest import catalog_of
from tests.simulation.outside import PARTITIONS
from tests.simulation.server import moment

MOST_A_DAY = 3
QUIET = QuietHours(start="21:10", end="09:10")
REFUSED_BY_PROVIDER = frozenset({"back"})
HOUR = 3600.0
When: TypeAlias = Literal["at once", "queued", "sending"]
#: Few, so that different people do something at the same time.
_HOURS = range(0, 30, 3)
#: Of the worlds: everybody comes in the same few hours.
_CROWDED = 0.4
#: Of the worlds: other rules are published in the middle.
_PUBLISHED = 0.25
#: Of the customers: they come as strangers first.
_MERGED = 0.25

RULES = """
segment keen means count of product_viewed in last 1650 minutes > 1

rule "Hello"
  when registered
  send email "hello"
  wait 90 minutes
  if customer.stage is not "buyer" then send sms "tips" end

rule "Cart"
  when cart_abandoned after 90 minutes
  stop when order_placed
  once per event.cart_id per 7 days
  send email "cart"
  wait 2 hours
  send sms "cart_more"

rule "Order"
  when order_placed
  transactional
  set customer.stage to "buyer"
  increase customer.age by 1
  send email "order"
  emit chained_a with n = 1

rule "Thanks"
  when chained_a
  add tag "thanked"
  add 10 points
  increase customer.age by 10
  wait 26 hours
  send email "thanks"

rule "Seen"
  when product_viewed
  at most 1 message per day
  send sms "seen"

rule "Back"
  when order_paid
  send email "back" or sms "back_sms"
  add tag "asked"
  increase customer.age by 100

rule "Keen"
  when customer enters keen
  increase customer.age by 1000

rule "Cooled"
  when customer leaves keen
  increase customer.age by 10000

rule "Emptied"
  when cart_emptied
  increase customer.age by 1000000

rule "Came"
  when registered
  increase customer.age by 10000000

rule "Judged"
  when product_viewed
  if count of product_viewed in last 570 minutes > 1 or not order_placed in last 15 hours
    then increase customer.age by 100000
  end
"""
JUDGED = 100_000  # what the rule of that name adds
#: Published in the middle of some worlds. Runs keep what they began with.
LATER = (
    ("1650 minutes > 1", "750 minutes > 0"),
    ("wait 90 minutes\n  if customer.stage", "wait 150 minutes\n  if customer.stage"),
    ("increase customer.age by 1\n", "increase customer.age by 2\n"),
    ("wait 2 hours\n", "wait 4 hours\n"),
    ("if count of product_viewed in last 570 minutes > 1", "if count of order_paid in last 33 hours is 1"),
)
TEXTS = ("hello", "cart", "order", "thanks", "back")
TEMPLATES = {
    **{f"email/{name}.html": f"---\nsubject: {name}\n---\n<p>{name}</p>" for name in TEXTS},
    **{f"sms/{name}.txt": name for name in ("tips", "cart_more", "seen", "back_sms")},
}
SETTINGS: dict[str, Any] = {
    "mail": {"from": "Shop <hello@shop.example>"},
    "tracking": {"opens": False, "clicks": False},
}


@cache
def plans() -> tuple[Plan, Plan]:
    """What is live at the beginning, and what is published later."""
    later = RULES
    for old, new in LATER:
        assert old in RULES
        later = later.replace(old, new)
    caps = (WorkspaceCap(limit=MOST_A_DAY, per=Length(1, "day")),)
    catalogs = (replace(catalog_of(rules), quiet_hours=QUIET, caps=caps) for rules in (RULES, later))
    first, second = (compiled(rules, catalog) for rules, catalog in zip((RULES, later), catalogs, strict=True))
    return first, second


@dataclass(frozen=True, slots=True)
class Post:
    """Events that an app sends together."""

    at: float  # virtual seconds
    events: tuple[NewEvent, ...]
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """`when` the person presses, from `at` on: at once, when a message is made, or while it is being handed over."""

    at: float
    customer: str
    channel: str
    when: When = "at once"


@dataclass(frozen=True, slots=True)
class Script:
    """What comes from outside. One app sends for some of the customers, the other for the rest."""

    apps: tuple[tuple[Post, ...], ...]
    refusals: tuple[Refusal, ...]
    customers: tuple[str, ...]
    racing: frozenset[str]  # who refuses when messages are due
    merged: Mapping[str, str]  # keys of visitors, and of whom they turn out to be
    publishes_at: float | None  # the later rules


def script_of(seed: int) -> Script:
    chance = random.Random(f"script {seed}")
    customers = tuple(f"{seed}-{number}" for number in range(chance.randint(1, 3)))
    apps: tuple[list[Post], list[Post]] = ([], [])
    visitors: list[str] = []
    is_crowded = chance.random() < _CROWDED
    hours = tuple(chance.sample(_HOURS, 4)) if is_crowded else tuple(_HOURS)
    for number, customer in enumerate(customers):
        apps[number % 2].extend(_posts(customer, chance, hours))
        if chance.random() < _MERGED:
            visitors.append(customer)
            apps[(number + 1) % 2].extend(_visits(customer, chance, hours))
    refusals = tuple(_refusals(customers, chance))
    racing = frozenset(each.customer for each in refusals if each.at % HOUR < 0.8 * HOUR or each.when != "at once")
    return Script(
        tuple(
            tuple(_together(sorted(posts, key=lambda each: each.at), chance, is_crowded=is_crowded)) for posts in apps
        ),
        refusals,
        customers,
        racing,
        {_visitor(name): known_key(name) for name in visitors},
        chance.choice(_HOURS) * HOUR + 0.75 * HOUR if chance.random() < _PUBLISHED else None,
    )


def _posts(customer: str, chance: random.Random, possible: tuple[int, ...]) -> Iterator[Post]:
    hours = sorted(chance.sample(possible, chance.randint(1, 4)))
    first = _event(customer, IDENTIFY, "", {"email": f"{customer}@x.example", "phone": f"+7{customer}"}, 0)
    for number, hour in enumerate(hours):
        name, properties = _said(customer, chance)
        event = _event(customer, TRACK, name, properties, number + 1)
        yield Post(hour * HOUR + chance.choice((0, chance.random() * 60)), (first, event) if not number else (event,))


def _visits(customer: str, chance: random.Random, possible: tuple[int, ...]) -> Iterator[Post]:
    """As a stranger, who is known again before the first wait ends."""
    came = (chance.choice(possible) + 0.2) * HOUR
    for number in range(chance.randint(1, 2)):
        cart = {"cart_id": f"{customer}-v{number}", "total": 10, "city": "Oslo", "items": ["a"]}
        event = _event(customer, TRACK, "cart_abandoned", cart, number, as_visitor=True)
        yield Post(came + number * 60, (event,))
    traits = {"email": f"{customer}@x.example", "phone": f"+7{customer}"}
    known = _event(customer, IDENTIFY, "", traits, 100)
    merge = _event(customer, MERGE, "", {"into": known_key(customer)}, 101, as_visitor=True)
    yield Post(came + 0.6 * HOUR, (known, merge))


def _visitor(customer: str) -> str:
    return anonymous_key(f"v{customer}")


def _said(customer: str, chance: random.Random) -> tuple[str, dict[str, Any]]:
    cart = {"cart_id": f"{customer}-{chance.randint(1, 2)}", "total": 10, "city": "Oslo", "items": ["a"]}
    return chance.choice(
        (
            ("registered", {}),
            ("cart_abandoned", cart),
            ("cart_abandoned", cart),
            ("cart_emptied", {"cart_id": cart["cart_id"]}),
            ("order_placed", {"cart_id": cart["cart_id"], "total": 10, "kind": "web"}),
            ("product_viewed", {"sku": "s"}),
            ("order_paid", {}),
        )
    )


def _refusals(customers: tuple[str, ...], chance: random.Random) -> Iterator[Refusal]:
    for customer in customers:
        if chance.random() < 0.5:
            hour, channel = chance.choice(_HOURS), chance.choice(("email", "sms"))
            moments = (0, 0.9 * HOUR, 1.5 * HOUR)  # among events, when nothing is due, when a wait ends
            when: When = chance.choice(("at once", "at once", "queued", "sending"))
            if when == "at once":
                hour += chance.choice(moments) / HOUR
            yield Refusal(hour * HOUR + chance.random(), customer, channel, when)


def _together(posts: list[Post], chance: random.Random, *, is_crowded: bool) -> Iterator[Post]:
    """What is sent within ten minutes goes in one batch, with the first of them; in a crowd, by all apps at once."""
    hours: dict[int, list[Post]] = {}
    for post in posts:
        hours.setdefault(int(post.at // (HOUR / 6)), []).append(post)
    for found in hours.values():
        rejects = (Reject("app", "has no name", "$", "{}"),) if chance.random() < (0.8 if is_crowded else 0.4) else ()
        at = found[0].at - found[0].at % 60 if is_crowded else found[0].at
        yield Post(at, tuple(event for post in found for event in post.events), rejects)


def _event(
    customer: str, kind: int, name: str, properties: dict[str, Any], number: int, *, as_visitor: bool = False
) -> NewEvent:
    key = _visitor(customer) if as_visitor else known_key(customer)
    who = customer_id(key)
    message = f"{key}-{number}"
    body = {"key": key, "properties": properties, "messageId": message}
    return NewEvent(
        event_id("app", message),
        partition_of(who, PARTITIONS),
        who,
        kind,
        name,
        moment(0) - timedelta(days=1),  # set when it is sent
        "app",
        orjson.Fragment(orjson.dumps(body)),
    )
